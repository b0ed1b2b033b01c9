/* cli.h - natalctl: one table of verbs drives parsing, help, completion and the man page's check.
 *
 * main() parses into a struct cli and calls the verb's function, which speaks the API through api_call() and prints tables for people
 * or, with -o json, the API's own documents.
 */
#pragma once
#include <stdbool.h>
#include "common/data/json.h"

enum { CLI_ARGS_MAX = 4, CLI_OPTIONS_MAX = 256 };

/* What is known of a value before anything is asked for: CLI_OUT is a file that will be written, CLI_OUT_DIR the folder for such files. */
enum cli_kind { CLI_TEXT, CLI_NUMBER, CLI_OUT, CLI_OUT_DIR };
struct cli_option {
	const char *name, *value, *help;        /* name "--user"; value "NAME", or NULL: a flag */
	const char *letter;                     /* "-h", or NULL */
	enum cli_kind kind;
	uint64_t min, max;                      /* of a number */
	const char *words;                      /* for completion: "ed25519 ecdsa-p256-sha256", or "@vm": the names of VMs */
};
struct cli;
struct cli_verb {
	const char *noun, *verb;                /* verb "" where the noun is all */
	const char *args;                       /* "NAME", "ROLE NAME"; "" none; in [] optional */
	const char *summary;
	const struct cli_option *options;       /* ended by a NULL name; may be NULL */
	int (*run)(struct cli *cli, struct err *e);
	bool list;                              /* takes -o wide and name, and --no-headers */
};
extern const struct cli_verb cli_verbs[];
extern const size_t cli_verb_count;
extern const struct cli_option cli_common[];

enum cli_format { CLI_TABLE, CLI_WIDE, CLI_JSON, CLI_NAME };
struct cli {
	char state[1024], project[64];
	enum cli_format format;
	bool json, tty;                         /* json: the format; tty: stdout is a terminal */
	const struct cli_verb *verb;
	const char *noun;                       /* help of one noun, or NULL */
	size_t arg_count, option_count;
	const char *args[CLI_ARGS_MAX];
	struct { const struct cli_option *option; const char *value; } options[CLI_OPTIONS_MAX];        /* in the order given */
};

/* usage, with a suggestion. */
int cli_parse(struct cli *cli, int argc, char **argv, struct err *e);
/* The last value given, or NULL; a flag's value is "". */
const char *cli_option(const struct cli *cli, const char *name);
/* Its number, which the table's range was asked of; `otherwise` where it was not given. */
uint64_t cli_number(const struct cli *cli, const char *name, uint64_t otherwise);
/* Every value against its row: numbers in their range, files that can be written. Nothing is made. */
int cli_check(const struct cli *cli, struct err *e);
/* "vm create", "backup". */
const char *cli_called(const struct cli_verb *v, char out[64]);
void cli_help(const struct cli *cli);

/* One request. raw: texts come as they are, for a hash, a comparison or a pipe; else, and but for -o json, show_clean() goes over them.
 * body NULL: none. ret may be NULL. A problem document comes back as the error it was. natald is started where it does not run. */
/* watch: what the client knows goes along (If-None-Match), and what it knows now comes back; same: nothing new, and no document. */
struct api_watch { char tag[80]; bool same; };
struct api_call {
	const char *method, *path;
	struct json_object *body;
	const char *idempotency_key;
	int timeout_s;
	const char *if_match;
	struct api_watch *watch;
	bool raw;
};
int api_json(struct cli *cli, const struct api_call *call, struct json_object **ret, struct err *e);
int api_raw(struct cli *cli, const struct api_call *call, struct buf *out, struct err *e);
/* Each row of a list, page after page; stops at the first nonzero. */
struct api_list { const char *path, *key; int (*each)(void *arg, struct json_object *row, struct err *e); void *arg; bool raw; };
int api_each(struct cli *cli, const struct api_list *l, struct err *e);
/* All pages of a list as one document, {KEY: […]}. */
int api_list(struct cli *cli, const char *path, const char *key, struct json_object **ret, struct err *e);
/* Nothing but the unix socket is meant: --context local, or no --context and a state folder (--state, NATAL_STATE), or natald's own process. */
bool cli_is_local(const struct cli *cli);
/* Which controller is spoken to: *ret where it is not the local one. */
struct context;
int cli_context(const struct cli *cli, struct context *ret, bool *ret_local, struct err *e);
/* -1 and errno where nobody listens. */
int natald_connect(const struct cli *cli);
/* The path of natald: $NATALD, beside natalctl, or where it was installed. */
int daemon_program(char *out, size_t size, struct err *e);
/* Starts it with the listeners of --listen and --name, which are kept for whoever starts it next; where it does not start, all is as before. */
int daemon_serve(struct cli *cli, struct err *e);
/* Is natald there?  Starts it unless told not to. */
int daemon_ready(struct cli *cli, bool start, bool *ret_running, struct err *e);

/* A column: a member of the row, or what text() makes of it; wide: with -o wide only. The first one is what -o name prints. */
enum { COLUMNS_MAX = 16 };
struct column { const char *head, *key; bool wide; void (*text)(struct json_object *row, char *out, size_t size); };
/* The list DOC.KEY as -o says; columns are ended by a NULL head. */
int print_list(const struct cli *cli, struct json_object *doc, const char *key, const struct column *cols, struct err *e);
/* On a terminal that wants it (no-color.org). */
bool cli_colour(const struct cli *cli);
/* "32", or NULL. */
const char *state_colour(const char *state);
/* What may stand where the last of these words is, a line each: what completion scripts ask. words: all after "natalctl". */
int complete(struct cli *cli, int count, char **words);
/* The reply as it is, for programs. */
int print_json(struct json_object *o);
/* For programs: {"KEY": "VALUE"}, of a verb that has nothing else to say. Nothing for people. */
int print_done(const struct cli *cli, const char *key, const char *value);
/* Every text of a reply without what a terminal would take for commands; newlines and tabs stay, which cells and fields then lose. */
void show_clean(struct json_object *o);
/* A member for the eye, on one line: valid until `o` is freed; "" where there is none. */
const char *shown(struct json_object *o, const char *key);
const char *shown_at(struct json_object *array, size_t i);
/* "key: value" lines; NULL and empty values are left out. */
void print_field(const char *key, const char *value);
void print_time(const char *key, uint64_t unix_s);
void time_text(uint64_t unix_s, char *out, size_t size);
/* A name as a part of a URL's path; usage: it holds what would make another path of it. */
int url_name(const char *name, char out[200], struct err *e);

int cmd_host_list(struct cli *, struct err *);
int cmd_status(struct cli *, struct err *), cmd_version(struct cli *, struct err *), cmd_daemon_stop(struct cli *, struct err *),
	cmd_daemon_start(struct cli *, struct err *), cmd_completion(struct cli *, struct err *), cmd_help(struct cli *, struct err *),
	cmd_key_init(struct cli *, struct err *), cmd_vm_console(struct cli *, struct err *), cmd_key_list(struct cli *, struct err *), cmd_key_show(struct cli *, struct err *), cmd_key_rotate(struct cli *, struct err *),
	cmd_key_revoke(struct cli *, struct err *), cmd_key_export(struct cli *, struct err *),
	cmd_ca_show(struct cli *, struct err *), cmd_ca_csr(struct cli *, struct err *), cmd_ca_install(struct cli *, struct err *),
	cmd_pool_status(struct cli *, struct err *), cmd_pool_fill(struct cli *, struct err *), cmd_pool_marks(struct cli *, struct err *),
		cmd_image_register(struct cli *, struct err *),
	cmd_image_bake(struct cli *, struct err *), cmd_image_list(struct cli *, struct err *), cmd_image_show(struct cli *, struct err *),
	cmd_image_delete(struct cli *, struct err *), cmd_vm_create(struct cli *, struct err *), cmd_vm_list(struct cli *, struct err *),
	cmd_vm_show(struct cli *, struct err *), cmd_vm_start(struct cli *, struct err *), cmd_vm_stop(struct cli *, struct err *),
	cmd_vm_delete(struct cli *, struct err *), cmd_vm_reissue(struct cli *, struct err *), cmd_vm_wait(struct cli *, struct err *),
	cmd_vm_birth_token(struct cli *, struct err *), cmd_vm_medium(struct cli *, struct err *), cmd_vm_logs(struct cli *, struct err *), cmd_vm_pin(struct cli *, struct err *),
	cmd_vm_change(struct cli *, struct err *), cmd_vm_rotate_keys(struct cli *, struct err *), cmd_vm_drain(struct cli *, struct err *),
	cmd_vm_quarantine(struct cli *, struct err *), cmd_vm_release(struct cli *, struct err *),
	cmd_vm_apply(struct cli *, struct err *), cmd_audit_list(struct cli *, struct err *), cmd_audit_verify(struct cli *, struct err *),
	cmd_access_grant(struct cli *, struct err *), cmd_access_list(struct cli *, struct err *), cmd_access_revoke(struct cli *, struct err *),
	cmd_login(struct cli *, struct err *), cmd_context_list(struct cli *, struct err *), cmd_context_use(struct cli *, struct err *),
	cmd_context_delete(struct cli *, struct err *), cmd_context_export(struct cli *, struct err *),
	cmd_backup(struct cli *, struct err *), cmd_store(struct cli *, struct err *), cmd_lint(struct cli *, struct err *);
/* The policy.json of a bake, from its options and the keys in `trust`. Nothing is made. */
int bake_policy(struct cli *cli, const char *trust, struct buf *out, struct err *e);
int vm_fetch_medium(struct cli *cli, const char *name, const char *path, struct err *e);
