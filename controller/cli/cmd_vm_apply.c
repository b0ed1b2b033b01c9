/* cmd_vm_apply.c - natalctl vm apply -f FILE: the VMs are as the file says, whatever they were before.
 *
 * Read and compared wholly before anything is asked for: what cannot be done to one is done to none.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/arena.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/notes.h"
#include "common/data/yaml.h"
#include "controller/cli/vm.h"

enum { FILE_MAX = 16 << 20, JSON_MAX = 48 << 20 };

/* What is to be done to one VM. spec: as wanted; diff.change NULL: it is made. */
struct step { struct json_object *spec; struct vm_diff diff; char tag[80]; bool make; };
struct plan { struct step *steps; size_t count, todo; };

static void plan_fini(struct plan *p)
{
	for (size_t i = 0; i < p->count; i++) {
		json_free(p->steps[i].spec);
		vm_diff_fini(&p->steps[i].diff);
	}
	free(p->steps);
}

static int add_step(struct plan *p, struct json_object *spec, struct err *e)
{
	const char *name = json_object_is_type(spec, json_type_object) ? json_text(spec, "name") : NULL;

	if (!name)
		return err_set(e, ERR_FORMAT, "document %zu is no VM: it has no name", p->count + 1);
	for (size_t i = 0; i < p->count; i++)
		if (strcmp(json_text(p->steps[i].spec, "name"), name) == 0)
			return err_set(e, ERR_FORMAT, "VM %.63s stands twice", name);
	struct step *more = reallocarray(p->steps, p->count + 1, sizeof *more);
	if (!more)
		return err_nomem(e);
	p->steps = more;
	p->steps[p->count++] = (struct step){ .spec = json_object_get(spec) };
	return 0;
}

/* A file's `content` is text; the API's is base64. */
static int encode_files(struct json_object *spec, struct err *e)
{
	struct json_object *files = NULL;
	size_t n = json_object_object_get_ex(spec, "files", &files) && json_object_is_type(files, json_type_array) ? json_object_array_length(files) : 0;

	for (size_t i = 0; i < n; i++) {
		scoped_buf struct buf b64 = BUF_MAX(JSON_MAX);
		struct json_object *file = json_object_array_get_idx(files, i);
		const char *text = json_object_is_type(file, json_type_object) ? json_text(file, "content") : NULL;
		if (!text)
			continue;
		base64_encode(&b64, text, strlen(text));
		int r = buf_check(&b64, "a file's content", e);
		if (r)
			return r;
		json_put(file, "content_b64", b64.data ? b64.data : "");
		json_object_object_del(file, "content");
	}
	return 0;
}

static int read_document(struct plan *p, const char *file, const char *text, size_t size, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	scoped_buf struct buf json = BUF_MAX(JSON_MAX);
	scoped_json struct json_object *spec = NULL;
	struct notes said = { .arena = &a };
	struct node *n;

	int r = yaml_read(&a, file, text, size, &said, &n, e);
	if (r || n->kind == NODE_NULL)
		return r;
	if (said.kept) {                        /* a key that stands twice: which one is meant, nobody knows */
		*e = said.at[0].err;
		err_hint(e, "say it once");
		return -(int)e->code;
	}
	node_json(n, 0, &json);
	if ((r = buf_check(&json, file, e)) || (r = json_parse(json.data, json.size, file, &spec, e)))
		return r;
	return (r = encode_files(spec, e)) ? r : add_step(p, spec, e);
}

/* Documents are parted by lines "---"; each keeps the lines before it as empty ones, so that places are the file's. */
static int read_all(struct plan *p, const char *file, struct buf *text, struct err *e)
{
	scoped_buf struct buf part = BUF_MAX(FILE_MAX);
	size_t lines = 0;
	int r = 0;

	for (char *at = text->data, *end = text->data + text->size; !r && at && at <= end;) {
		char *nl = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		size_t n = nl ? (size_t)(nl - at) : (size_t)(end - at);
		bool parts = n >= 3 && memcmp(at, "---", 3) == 0 && strspn(at + 3, " \t\r") + 3 == n;
		if (parts || at == end) {
			r = read_document(p, file, part.data ? part.data : "", part.size, e);
			buf_clear(&part);
			for (size_t i = 0; i <= lines; i++)
				buf_str(&part, "\n");
		} else {
			buf_add(&part, at, n);
			buf_str(&part, "\n");
		}
		lines++;
		if (at == end)
			break;
		at = nl ? nl + 1 : end;
	}
	return r ? r : p->count ? 0 : err_set(e, ERR_FORMAT, "%s holds no document", file);
}

static int read_file(struct cli *cli, struct plan *p, struct err *e)
{
	const char *file = cli_option(cli, "-f");
	scoped_buf struct buf text = BUF_MAX(FILE_MAX);
	ssize_t n = 1;

	if (!file)
		return err_set(e, ERR_USAGE, "natalctl vm apply: -f FILE is missing");
	if (strcmp(file, "-") != 0) {
		int r = file_read(AT_FDCWD, file, &text, NULL, e);
		return r ? r : read_all(p, file, &text, e);
	}
	while (n > 0 && !text.failed) {
		char *room = buf_room(&text, 65536);
		n = room ? read(STDIN_FILENO, room, 65536) : 0;
		buf_grew(&text, n > 0 ? (size_t)n : 0);
	}
	int r = n < 0 ? err_sys(e, "read standard input") : buf_check(&text, "standard input", e);
	return r ? r : read_all(p, "standard input", &text, e);
}

/* What there is of it, and what makes the one of the other. */
static int compare(struct cli *cli, struct step *s, struct err *e)
{
	scoped_json struct json_object *is = NULL;
	struct api_watch watch = { .tag = "" };
	char path[320];

	int r = vm_path(json_text(s->spec, "name"), "/spec", path, e);
	if (r)
		return r;
	r = api_json(cli, &(struct api_call){ "GET", path, .watch = &watch, .raw = true }, &is, e);
	s->make = r == -ERR_NOT_FOUND;
	snprintf(s->tag, sizeof s->tag, "%s", watch.tag);
	if (r && !s->make)
		return r;
	/* What natald would refuse later is refused now, before another VM was changed. */
	if ((r = api_json(cli, &(struct api_call){ "POST", "/v1/vms/check", s->spec }, NULL, e)))
		return err_wrap(e, "VM %.63s", json_text(s->spec, "name"));
	return s->make ? 0 : vm_diff(is, s->spec, &s->diff, e);
}

static bool is_todo(const struct step *s) { return s->make || json_object_array_length(s->diff.lines) > 0; }

static void show(const struct cli *cli, const struct step *s)
{
	size_t n = s->make ? 0 : json_object_array_length(s->diff.lines);
	bool colour = cli_colour(cli);

	printf("vm %s: %s\n", shown(s->spec, "name"), s->make ? "would be made" : n ? "would be changed" : "is as it should be");
	for (size_t i = 0; i < n; i++) {
		const char *text = shown_at(s->diff.lines, i);
		const char *mark = *text == '+' ? "\033[32m" : *text == '-' ? "\033[31m" : "\033[33m";
		printf("  %s%s%s\n", colour ? mark : "", text, colour ? "\033[0m" : "");
	}
}

static bool agreed(size_t todo)
{
	char answer[16] = "";

	printf("Apply to %zu VM%s? [y/N] ", todo, todo == 1 ? "" : "s");
	fflush(stdout);
	return fgets(answer, sizeof answer, stdin) && (*answer == 'y' || *answer == 'Y');
}

static int carry_out(struct cli *cli, struct step *s, struct err *e)
{
	char path[320];
	int r;

	if (s->make)
		return api_json(cli, &(struct api_call){ "POST", "/v1/vms", s->spec }, NULL, e);
	if ((r = vm_path(json_text(s->spec, "name"), "/goal", path, e)))
		return r;
	return api_json(cli, &(struct api_call){ "POST", path, s->diff.change, .if_match = *s->tag ? s->tag : NULL }, NULL, e);
}

static void say_done(const struct cli *cli, const struct step *s, size_t *done)
{
	(*done)++;
	if (!cli->json)
		printf("vm %s: %s\n", shown(s->spec, "name"), s->make ? "is made" : "is changed");
}

static struct json_object *result_json(const struct plan *p, bool done)
{
	struct json_object *o = json_object_new_object(), *a = json_object_new_array();

	json_put_bool(o, "applied", done);
	json_object_object_add(o, "vms", a);
	for (size_t i = 0; i < p->count; i++) {
		const struct step *s = &p->steps[i];
		struct json_object *one = json_object_new_object();
		json_put(one, "name", json_text(s->spec, "name"));
		json_put(one, "action", s->make ? "create" : is_todo(s) ? "change" : "none");
		json_object_object_add(one, "changes", s->make ? json_object_new_array() : json_object_get(s->diff.lines));
		json_object_array_add(a, one);
	}
	return o;
}

/* 1: nothing more is to be done. */
static int ask(struct cli *cli, const struct plan *p, struct err *e)
{
	if (cli_option(cli, "--dry-run") || !p->todo)
		return 1;
	if (cli_option(cli, "--yes"))
		return 0;
	if (!cli->tty || !isatty(STDIN_FILENO)) {
		err_set(e, ERR_USAGE, "natalctl vm apply: nobody is there to be asked");
		err_hint(e, "--yes does it unasked, --dry-run says what would be done");
		return -(int)e->code;
	}
	return agreed(p->todo) ? 0 : 1;
}

int cmd_vm_apply(struct cli *cli, struct err *e)
{
	scoped(plan_fini) struct plan p = { NULL, 0, 0 };
	int r = read_file(cli, &p, e);
	size_t done = 0;

	for (size_t i = 0; !r && i < p.count; i++)
		if (!(r = compare(cli, &p.steps[i], e)))
			p.todo += is_todo(&p.steps[i]);
	for (size_t i = 0; !r && !cli->json && i < p.count; i++)
		show(cli, &p.steps[i]);
	if (r || (r = ask(cli, &p, e)) < 0)
		return r;
	bool apply = r == 0;
	r = 0;
	for (size_t i = 0; apply && !r && i < p.count; i++)
		if (is_todo(&p.steps[i]) && !(r = carry_out(cli, &p.steps[i], e)))
			say_done(cli, &p.steps[i], &done);
		else if (r)
			err_wrap(e, "VM %s, after %zu of %zu", json_text(p.steps[i].spec, "name"), done, p.todo);
	if (r)
		return r;
	if (cli->json) {
		scoped_json struct json_object *o = result_json(&p, apply);
		return print_json(o);
	}
	if (apply)
		printf("%zu of %zu VMs changed\n", done, p.count);
	return 0;
}
