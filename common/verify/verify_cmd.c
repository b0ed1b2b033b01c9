/* verify_cmd.c - natal-verify's verbs. */
#include <string.h>
#include <time.h>
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/verify/command.h"
#include "common/verify/tls.h"

enum { TIMEOUT_DEFAULT_S = 10, TIMEOUT_MAX_S = 600, OUT_MAX = 256 << 10 };

static bool wants_json(const struct options *o) { return o->output && strcmp(o->output, "json") == 0; }

static int emit(const struct buf *b, struct err *e)
{
	int r = buf_check(b, "the answer", e);

	if (r)
		return r;
	if (b->size && (fwrite(b->data, 1, b->size, stdout) != b->size || fflush(stdout) != 0))
		return err_sys(e, "write the answer");
	return 0;
}

static int timeout_ms(const struct options *o, int *ret, struct err *e)
{
	const char *t = o->timeout;
	int s = 0;

	if (!t) {
		*ret = TIMEOUT_DEFAULT_S * 1000;
		return 0;
	}
	for (const char *p = t; *p; p++) {
		if (*p < '0' || *p > '9' || s > TIMEOUT_MAX_S)
			return err_set(e, ERR_USAGE, "--timeout '%.32s': whole seconds from 1 to %d are wanted", t, TIMEOUT_MAX_S);
		s = 10 * s + (*p - '0');
	}
	if (s < 1 || s > TIMEOUT_MAX_S)
		return err_set(e, ERR_USAGE, "--timeout '%.32s': whole seconds from 1 to %d are wanted", t, TIMEOUT_MAX_S);
	*ret = s * 1000;
	return 0;
}

int verb_tls(const struct options *o, struct err *e)
{
	scoped_free struct record *rec = calloc(1, sizeof *rec);
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);
	struct tls_target target = { .server_name = NULL };
	uint8_t seen[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];
	int r;

	if (!rec || !trust)
		return err_nomem(e);
	if (!o->vm == !o->pin)
		return err_set(e, ERR_USAGE, "tls needs either --vm NAME or --pin FILE");
	if ((r = tls_target_parse(o->operand, &target, e)) || (r = timeout_ms(o, &target.timeout_ms, e)) ||
		(r = state_trust(o, trust, e)) ||
		(r = o->vm ? record_of_vm(o, o->vm, trust, rec, e) : record_read(o->pin, trust, rec, e)) ||
		(r = tls_peer_spki(&target, seen, e)))
		return r;
	if ((r = pin_check_tls(&rec->pin, seen, e))) {
		err_wrap(e, "%s", o->operand);
		err_hint(e, "this is not the VM of the record, or its keys were changed without a new record: do not trust it");
		return r;
	}
	const char *which = bytes_equal(rec->pin.tls_spki, seen, sizeof seen) ? "current" : "next";
	hex_encode(seen, sizeof seen, hex);
	if (wants_json(o)) {
		scoped_json struct json_object *j = json_object_new_object();
		json_put(j, "vm", rec->pin.name);
		json_put(j, "address", o->operand);
		json_put(j, "tls_spki", hex);
		json_put(j, "matches", which);
		buf_printf(&out, "%s\n", json_line(j));
	} else
		buf_printf(&out, "%s is VM %s: it has the %s TLS key %s\n", o->operand, rec->pin.name, which, hex);
	return emit(&out, e);
}

int verb_known_hosts(const struct options *o, struct err *e)
{
	scoped_free struct record *rec = calloc(1, sizeof *rec);
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);
	bool with_port;
	int r;

	if (!rec || !trust)
		return err_nomem(e);
	if ((r = state_trust(o, trust, e)))
		return r;
	if ((r = record_of_host(o, trust, rec, &with_port, e))) {
		if (r != -ERR_NOT_FOUND || !with_port)
			return r;
		/* ssh asks a first time (%I is ORDER) without the port, and gives up where that fails: it gets no key, but no failure. */
		buf_printf(&out, "# %s is known with a port only\n", o->operand);
		return emit(&out, e);
	}
	pin_known_hosts(&rec->pin, o->operand, &out);
	if (!out.size)
		return err_set(e, ERR_NOT_FOUND, "the pin record of VM '%s' has no SSH host key", rec->pin.name);
	return emit(&out, e);
}

static void put_hex(struct json_object *o, const char *key, const uint8_t *bytes, bool has)
{
	json_put_hex(o, key, bytes, has ? SHA256_SIZE : 0);
}

static struct json_object *texts(const char *at, size_t width, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_string(at + i * width));
	return a;
}

static void show_json(const struct record *rec, struct buf *out)
{
	const struct pin *p = &rec->pin;
	scoped_json struct json_object *o = json_object_new_object();
	scoped_buf struct buf curl = BUF_MAX(512);

	json_put(o, "name", p->name);
	json_put(o, "vm_id", p->vm_id);
	json_put(o, "project", p->project);
	json_put(o, "uuid", p->uuid);
	json_put_uint(o, "sequence", p->sequence);
	json_put_uint(o, "issued_at", p->issued_at);
	json_object_object_add(o, "names", texts(p->names[0], sizeof p->names[0], p->name_count));
	put_hex(o, "tls_spki", p->tls_spki, true);
	put_hex(o, "tls_spki_next", p->tls_spki_next, p->has_tls_next);
	json_object_object_add(o, "ssh_host_keys", texts(p->ssh_keys[0], PIN_SSH_LINE_MAX, p->ssh_count));
	json_object_object_add(o, "ssh_host_keys_next", texts(p->ssh_keys_next[0], PIN_SSH_LINE_MAX, p->ssh_next_count));
	put_hex(o, "ek_sha256", p->ek_sha256, p->has_ek);
	put_hex(o, "previous", p->previous, p->has_previous);
	json_put(o, "verdict", p->verdict.has ? p->verdict.id : "");
	put_hex(o, "digest", rec->digest, true);
	put_hex(o, "signed_by", rec->signer.key.id, true);
	pin_curl(p, &curl);
	json_put(o, "curl_pin", curl.data ? curl.data : "");
	buf_printf(out, "%s\n", json_line(o));
}

static void row(struct buf *out, const char *label, const char *value) { buf_printf(out, "%-14s%s\n", label, value); }

static void row_hex(struct buf *out, const char *label, const uint8_t *bytes, bool has)
{
	char hex[2 * SHA256_SIZE + 1];

	hex_encode(bytes, SHA256_SIZE, hex);
	row(out, label, has ? hex : "-");
}

static void row_keys(struct buf *out, const char *label, const char (*lines)[PIN_SSH_LINE_MAX], size_t n)
{
	struct err e;

	for (size_t i = 0; i < n; i++) {
		scoped_buf struct buf print = BUF_MAX(256);
		if (pin_ssh_fingerprint(lines[i], &print, &e) == 0)
			row(out, label, print.data);
	}
}

static void show_table(const struct record *rec, struct buf *out)
{
	const struct pin *p = &rec->pin;
	scoped_buf struct buf curl = BUF_MAX(512);
	char when[32] = "-";
	time_t at = (time_t)p->issued_at;
	struct tm tm;

	if (gmtime_r(&at, &tm))
		strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &tm);
	buf_printf(out, "%-14s%s (id %s, project %s)\n", "VM", p->name, p->vm_id, p->project);
	row(out, "UUID", p->uuid);
	buf_printf(out, "%-14s%llu, issued %s\n", "sequence", (unsigned long long)p->sequence, when);
	for (size_t i = 0; i < p->name_count; i++)
		row(out, i ? "" : "names", p->names[i]);
	row_hex(out, "TLS key", p->tls_spki, true);
	row_hex(out, "TLS key next", p->tls_spki_next, p->has_tls_next);
	row_keys(out, "SSH key", p->ssh_keys, p->ssh_count);
	row_keys(out, "SSH key next", p->ssh_keys_next, p->ssh_next_count);
	row_hex(out, "vTPM EK", p->ek_sha256, p->has_ek);
	row(out, "verdict", p->verdict.has ? p->verdict.id : "-");
	row_hex(out, "record", rec->digest, true);
	row_hex(out, "follows", p->previous, p->has_previous);
	row_hex(out, "signed by", rec->signer.key.id, true);
	pin_curl(p, &curl);
	row(out, "curl pin", curl.data ? curl.data : "");
}

int verb_pin(const struct options *o, struct err *e)
{
	scoped_free struct record *rec = calloc(1, sizeof *rec);
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);
	int r;

	if (!rec || !trust)
		return err_nomem(e);
	if ((r = state_trust(o, trust, e)) || (r = record_read(o->operand, trust, rec, e)))
		return r;
	(wants_json(o) ? show_json : show_table)(rec, &out);
	return emit(&out, e);
}
