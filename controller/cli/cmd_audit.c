/* cmd_audit.c - natalctl audit: what was changed by whom, and whether that is what natald wrote. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/wire/audit.h"
#include "controller/cli/cli.h"

static void time_column(struct json_object *row, char *out, size_t size) { time_text(json_uint(row, "time_ms", 0) / 1000, out, size); }

int cmd_audit_list(struct cli *cli, struct err *e)
{
	static const struct column columns[] = { { "TIME", NULL, false, time_column }, { "WHO", "who" }, { "PROJECT", "project" }, { "ACTION", "action" },
		{ "N", "n", true }, { "NATALD", "instance", true }, { "BEFORE", "before", true }, { "AFTER", "after", true }, { NULL } };
	scoped_json struct json_object *o = NULL;

	int r = api_list(cli, "/v1/audit", "audit", &o, e);
	return r ? r : print_list(cli, o, "audit", columns, e);
}

/* The chain that is being walked. */
struct walk {
	char instance[64];
	int64_t n;
	uint8_t hash[SHA256_SIZE];
	uint64_t rows, chains;
	struct json_object *heads;
	const char *head;                       /* NATALD:N:HASH, noted at another time: to be seen, the same */
	bool head_seen;
};

static void end_chain(struct walk *w)
{
	struct json_object *head;

	if (!w->n)
		return;
	head = json_object_new_object();
	json_put(head, "instance", w->instance);
	json_put_uint(head, "n", (uint64_t)w->n);
	json_put_hex(head, "hash", w->hash, sizeof w->hash);
	json_object_array_add(w->heads, head);
	w->chains++;
}

static int broken(const struct audit *a, struct err *e, const char *how)
{
	err_set(e, ERR_UNTRUSTED, "the audit of %.40s does not fit from row %lld on: %s", a->instance, (long long)a->n, how);
	err_hint(e, "somebody changed the store by hand: natalctl audit list -o wide; compare with a backup");
	return -(int)e->code;
}

static const char *text_of(struct json_object *row, const char *key) { return json_text(row, key) ? json_text(row, key) : ""; }

/* A new chain begins with row 1; each row follows the one before. */
static int walk_row(void *arg, struct json_object *row, struct err *e)
{
	struct walk *w = arg;
	const struct audit a = { text_of(row, "instance"), (int64_t)json_uint(row, "n", 0), (int64_t)json_uint(row, "time_ms", 0), text_of(row, "project"),
		text_of(row, "who"), text_of(row, "action"), text_of(row, "before"), text_of(row, "after") };
	uint8_t said[SHA256_SIZE], is[SHA256_SIZE];

	if (strcmp(w->instance, a.instance) != 0) {
		end_chain(w);
		snprintf(w->instance, sizeof w->instance, "%s", a.instance);
		w->n = 0;
		memset(w->hash, 0, sizeof w->hash);
	}
	if (a.n != w->n + 1)
		return broken(&a, e, w->n ? "rows before it are missing" : "its beginning is missing");
	if (!hex_decode(text_of(row, "hash"), said, sizeof said))
		return broken(&a, e, "its hash is none");
	audit_hash(&a, w->hash, is);
	if (!bytes_equal(said, is, sizeof is))
		return broken(&a, e, "its hash is not of what stands there");
	memcpy(w->hash, is, sizeof is);
	w->n = a.n;
	w->rows++;
	char text[160];
	snprintf(text, sizeof text, "%s:%" PRId64 ":%s", a.instance, a.n, text_of(row, "hash"));
	w->head_seen |= w->head && strcmp(text, w->head) == 0;
	return 0;
}

static int no_head(const char *head, struct err *e)
{
	err_set(e, ERR_UNTRUSTED, "the audit has no row %.120s", head);
	err_hint(e, "its end was cut off, or it was written anew: compare with a backup");
	return -(int)e->code;
}

/* NATALD:N:HASH, as `audit verify` prints it. */
static int check_head(const char *head, struct err *e)
{
	const char *n = head ? strchr(head, ':') : NULL, *hash = n ? strchr(n + 1, ':') : NULL;
	char number[24] = "";
	uint8_t digest[SHA256_SIZE];
	uint64_t row;

	if (hash && hash - n - 1 < (ptrdiff_t)sizeof number)
		memcpy(number, n + 1, (size_t)(hash - n - 1));
	if (!head || (hash && n > head && text_number(number, &row) && row && hex_decode(hash + 1, digest, sizeof digest)))
		return 0;
	err_set(e, ERR_USAGE, "--head '%.80s' is not NATALD:N:HASH", head);
	err_hint(e, "it is what natalctl audit verify printed behind 'head'");
	return -(int)e->code;
}

int cmd_audit_verify(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *result = json_object_new_object();
	struct walk w = { .heads = json_object_new_array(), .head = cli_option(cli, "--head") };

	json_object_object_add(result, "heads", w.heads);
	int r = check_head(w.head, e);
	if (!r)
		r = api_each(cli, &(struct api_list){ "/v1/audit", "audit", walk_row, &w, true }, e);
	if (r || (w.head && !w.head_seen))
		return r ? r : no_head(w.head, e);
	end_chain(&w);
	json_put_uint(result, "rows", w.rows);
	if (cli->json)
		return print_json(result);
	printf("%" PRIu64 " changes in %" PRIu64 " chain%s: nothing is missing or altered\n", w.rows, w.chains, w.chains == 1 ? "" : "s");
	for (size_t i = 0; i < json_object_array_length(w.heads); i++) {
		struct json_object *head = json_object_array_get_idx(w.heads, i);
		printf("head  %s:%" PRIu64 ":%s\n", text_of(head, "instance"), json_uint(head, "n", 0), text_of(head, "hash"));
	}
	return 0;
}
