/* pin.c - see pin.h; PIN.md. */
#include "common/verify/pin.h"

#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/media/field.h"

static const char pin_doc[] = "pin record";

/* The document's levels; what is not a scalar is still JSON. */
struct top {
	uint64_t format, sequence, issued_at;
	char project[64], vm_id[64], name[64], uuid[37], ek_sha256[FIELD_DIGEST_SIZE], previous[FIELD_DIGEST_SIZE];
	struct json_object *names, *tls_spki, *ssh_host_keys, *verdict;
};
#define TOP(member, kind) JSON_FIELD(struct top, member, kind, true)
static const struct json_field top_fields[] = {
	TOP(format, JSON_UINT), TOP(project, JSON_TEXT), TOP(vm_id, JSON_TEXT), TOP(name, JSON_TEXT), TOP(uuid, JSON_TEXT),
	TOP(sequence, JSON_UINT), TOP(issued_at, JSON_UINT), TOP(names, JSON_ARRAY), TOP(tls_spki, JSON_OBJECT),
	TOP(ssh_host_keys, JSON_OBJECT), TOP(ek_sha256, JSON_TEXT), TOP(previous, JSON_TEXT), TOP(verdict, JSON_OBJECT),
};
#undef TOP

struct tls { char current[FIELD_DIGEST_SIZE], next[FIELD_DIGEST_SIZE]; };
static const struct json_field tls_fields[] = {
	JSON_FIELD(struct tls, current, JSON_TEXT, true), JSON_FIELD(struct tls, next, JSON_TEXT, true),
};

struct ssh { struct json_object *current, *next; };
static const struct json_field ssh_fields[] = {
	JSON_FIELD(struct ssh, current, JSON_ARRAY, true), JSON_FIELD(struct ssh, next, JSON_ARRAY, true),
};

struct verdict { char id[64]; uint64_t at, not_after; };
static const struct json_field verdict_fields[] = {
	JSON_FIELD(struct verdict, id, JSON_TEXT, true), JSON_FIELD(struct verdict, at, JSON_UINT, true),
	JSON_FIELD(struct verdict, not_after, JSON_UINT, true),
};

static const char *const ssh_types[] = { "ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa" };

/* "TYPE BASE64" and nothing else; the key blob (RFC 4253 6.6) begins with the same type. The blob goes to out. */
static int ssh_line(const char *line, const char *doc, struct buf *out, struct err *e)
{
	size_t n = strcspn(line, " ");

	for (size_t i = 0; i < ARRAY_SIZE(ssh_types); i++) {
		const char *type = ssh_types[i];
		if (n != strlen(type) || memcmp(line, type, n) != 0 || line[n] != ' ')
			continue;
		int r = base64_decode(line + n + 1, strlen(line + n + 1), doc, out, e);
		if (r)
			return r;
		const uint8_t *b = (const uint8_t *)out->data;
		if (out->size > 4 + n && b[0] == 0 && b[1] == 0 && b[2] == 0 && b[3] == n && memcmp(b + 4, type, n) == 0)
			return 0;
		return err_set(e, ERR_FORMAT, "%s: an SSH host key whose blob is no %s key", doc, type);
	}
	return err_set(e, ERR_FORMAT, "%s: an SSH host key that is not 'ssh-ed25519|ecdsa-sha2-nistp256|ssh-rsa BASE64'", doc);
}

static int parse_ssh(struct json_object *o, const char *doc, struct pin *p, struct err *e)
{
	struct ssh ssh;
	const struct field_rows rows[] = { { p->ssh_keys[0], PIN_SSH_LINE_MAX, PIN_SSH_KEYS_MAX },
		{ p->ssh_keys_next[0], PIN_SSH_LINE_MAX, PIN_SSH_KEYS_MAX } };
	size_t *const counts[] = { &p->ssh_count, &p->ssh_next_count };
	int r = json_decode(o, ssh_fields, ARRAY_SIZE(ssh_fields), doc, &ssh, e);

	if (r || (r = field_texts(ssh.current, doc, "ssh_host_keys.current", &rows[0], counts[0], e)) ||
	    (r = field_texts(ssh.next, doc, "ssh_host_keys.next", &rows[1], counts[1], e)))
		return r;
	for (size_t set = 0; set < 2; set++)
		for (size_t i = 0; i < *counts[set]; i++) {
			scoped_buf struct buf blob = BUF_MAX(PIN_SSH_LINE_MAX);
			if ((r = ssh_line(rows[set].at + i * PIN_SSH_LINE_MAX, doc, &blob, e)))
				return r;
		}
	return 0;
}

static int parse_tls(struct json_object *o, const char *doc, struct pin *p, struct err *e)
{
	struct tls tls;
	bool has;
	int r;

	if ((r = json_decode(o, tls_fields, ARRAY_SIZE(tls_fields), doc, &tls, e)) ||
	    (r = field_digest(tls.current, doc, "tls_spki.current", &has, p->tls_spki, e)) ||
	    (r = field_digest(tls.next, doc, "tls_spki.next", &p->has_tls_next, p->tls_spki_next, e)))
		return r;
	return has ? 0 : err_set(e, ERR_FORMAT, "%s: tls_spki.current is empty", doc);
}

static int parse_verdict(struct json_object *o, const char *doc, struct pin *p, struct err *e)
{
	struct verdict v;
	int r;

	if (json_object_object_length(o) == 0)
		return 0;
	if ((r = json_decode(o, verdict_fields, ARRAY_SIZE(verdict_fields), doc, &v, e)) || (r = field_id(v.id, doc, "verdict.id", e)))
		return r;
	p->verdict.has = true;
	memcpy(p->verdict.id, v.id, sizeof v.id);
	p->verdict.at = v.at;
	p->verdict.not_after = v.not_after;
	return 0;
}

static int parse_top(struct json_object *o, const char *doc, struct pin *p, struct top *ret, struct err *e)
{
	struct top t;
	int r;

	if ((r = json_decode(o, top_fields, ARRAY_SIZE(top_fields), doc, &t, e)) || (r = field_id(t.project, doc, "project", e)) ||
		(r = field_id(t.vm_id, doc, "vm_id", e)) || (r = field_host(t.name, doc, "name", e)) ||
		(r = field_uuid(t.uuid, doc, "uuid", e)) ||
		(r = field_digest(t.ek_sha256, doc, "ek_sha256", &p->has_ek, p->ek_sha256, e)) ||
		(r = field_digest(t.previous, doc, "previous", &p->has_previous, p->previous, e)))
		return r;
	if (t.sequence == 0)
		return err_set(e, ERR_FORMAT, "%s: sequence is 0: the first is 1", doc);
	p->format = t.format;
	p->sequence = t.sequence;
	p->issued_at = t.issued_at;
	memcpy(p->project, t.project, sizeof p->project);
	memcpy(p->vm_id, t.vm_id, sizeof p->vm_id);
	memcpy(p->name, t.name, sizeof p->name);
	memcpy(p->uuid, t.uuid, sizeof p->uuid);
	*ret = t;
	return 0;
}

static int parse_names(struct json_object *array, const char *doc, struct pin *p, struct err *e)
{
	const struct field_rows rows = { p->names[0], sizeof p->names[0], PIN_NAMES_MAX };
	int r = field_texts(array, doc, "names", &rows, &p->name_count, e);

	for (size_t i = 0; !r && i < p->name_count; i++)
		r = field_host(p->names[i], doc, "names", e);
	return r;
}

static int decode(struct json_object *o, const char *doc, struct pin *ret, struct err *e)
{
	scoped_free struct pin *p = calloc(1, sizeof *p);
	struct top t;
	int r;

	if (!p)
		return err_nomem(e);
	/* Before the table: a newer format has keys that it does not know. */
	uint64_t format = json_object_is_type(o, json_type_object) ? json_uint(o, "format", 0) : 0;
	if (format != PIN_FORMAT)
		return err_set(e, format > PIN_FORMAT ? ERR_UNSUPPORTED : ERR_FORMAT, "%s: pin format %llu: this program reads %d", doc,
			(unsigned long long)format, PIN_FORMAT);
	if ((r = parse_top(o, doc, p, &t, e)) || (r = parse_names(t.names, doc, p, e)) || (r = parse_tls(t.tls_spki, doc, p, e)) ||
	    (r = parse_ssh(t.ssh_host_keys, doc, p, e)) || (r = parse_verdict(t.verdict, doc, p, e)))
		return r;
	*ret = *p;
	return 0;
}

static int pin_parse(const void *json, size_t size, const char *doc, struct pin *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = json_parse(json, size, doc, &o, e);

	return r ? r : decode(o, doc, ret, e);
}

int pin_verify(
	const void *bytes, size_t size, const struct trust *trust, uint64_t now_unix_s, const char *doc, struct pin *ret, struct err *e)
{
	struct envelope env;
	int r;

	if ((r = envelope_read(bytes, size, ENVELOPE_PIN, doc, &env, e)) || (r = trust_check(trust, &env, now_unix_s, doc, NULL, e)))
		return r;
	return pin_parse(env.payload, env.payload_size, doc, ret, e);
}

static struct json_object *lines(const char (*at)[PIN_SSH_LINE_MAX], size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_string(at[i]));
	return a;
}

static struct json_object *pin_json(const struct pin *p)
{
	struct json_object *o = json_object_new_object(), *names = json_object_new_array(), *tls = json_object_new_object(),
		*ssh = json_object_new_object(), *verdict = json_object_new_object();

	json_put_uint(o, "format", p->format);
	json_put(o, "project", p->project);
	json_put(o, "vm_id", p->vm_id);
	json_put(o, "name", p->name);
	json_put(o, "uuid", p->uuid);
	json_put_uint(o, "sequence", p->sequence);
	json_put_uint(o, "issued_at", p->issued_at);
	for (size_t i = 0; i < p->name_count; i++)
		json_object_array_add(names, json_object_new_string(p->names[i]));
	json_object_object_add(o, "names", names);
	json_put_hex(tls, "current", p->tls_spki, SHA256_SIZE);
	json_put_hex(tls, "next", p->tls_spki_next, p->has_tls_next ? SHA256_SIZE : 0);
	json_object_object_add(o, "tls_spki", tls);
	json_object_object_add(ssh, "current", lines(p->ssh_keys, p->ssh_count));
	json_object_object_add(ssh, "next", lines(p->ssh_keys_next, p->ssh_next_count));
	json_object_object_add(o, "ssh_host_keys", ssh);
	json_put_hex(o, "ek_sha256", p->ek_sha256, p->has_ek ? SHA256_SIZE : 0);
	json_put_hex(o, "previous", p->previous, p->has_previous ? SHA256_SIZE : 0);
	if (p->verdict.has) {
		json_put(verdict, "id", p->verdict.id);
		json_put_uint(verdict, "at", p->verdict.at);
		json_put_uint(verdict, "not_after", p->verdict.not_after);
	}
	json_object_object_add(o, "verdict", verdict);
	return o;
}

int pin_payload(const struct pin *p, struct buf *out, struct err *e)
{
	scoped_free struct pin *check = malloc(sizeof *check);

	if (!check)
		return err_nomem(e);
	if (p->name_count > PIN_NAMES_MAX || p->ssh_count > PIN_SSH_KEYS_MAX || p->ssh_next_count > PIN_SSH_KEYS_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu names, %zu and %zu SSH keys: %d, %d and %d at most", pin_doc, p->name_count,
			p->ssh_count, p->ssh_next_count, PIN_NAMES_MAX, PIN_SSH_KEYS_MAX, PIN_SSH_KEYS_MAX);
	scoped_json struct json_object *o = pin_json(p);
	int r = decode(o, pin_doc, check, e);           /* what a reader would refuse is not written */
	if (r)
		return r;
	const char *line = json_line(o);
	if (!line)
		return err_nomem(e);
	buf_str(out, line);
	return buf_check(out, pin_doc, e);
}

int pin_check_tls(const struct pin *p, const uint8_t spki_sha256[SHA256_SIZE], struct err *e)
{
	char seen[FIELD_DIGEST_SIZE], wanted[FIELD_DIGEST_SIZE], next[FIELD_DIGEST_SIZE];

	if (bytes_equal(p->tls_spki, spki_sha256, SHA256_SIZE) ||
		(p->has_tls_next && bytes_equal(p->tls_spki_next, spki_sha256, SHA256_SIZE)))
		return 0;
	hex_encode(spki_sha256, SHA256_SIZE, seen);
	hex_encode(p->tls_spki, SHA256_SIZE, wanted);
	hex_encode(p->tls_spki_next, SHA256_SIZE, next);
	return err_set(e, ERR_UNTRUSTED, "the TLS key presented is %s, the pin record of %s has %s%s%s", seen, p->name, wanted,
		p->has_tls_next ? " and next " : "", p->has_tls_next ? next : "");
}

/* Is name "[host]:PORT"? */
static bool with_port(const char *name, const char *host)
{
	size_t n = strlen(host);

	return name[0] == '[' && strncasecmp(name + 1, host, n) == 0 && name[1 + n] == ']' && name[2 + n] == ':';
}

bool pin_names_host(const struct pin *p, const char *host)
{
	if (strcasecmp(p->name, host) == 0 || with_port(host, p->name))
		return true;
	for (size_t i = 0; i < p->name_count; i++)
		if (strcasecmp(p->names[i], host) == 0)
			return true;
	return false;
}

bool pin_names_port_of(const struct pin *p, const char *host)
{
	for (size_t i = 0; i < p->name_count; i++)
		if (with_port(p->names[i], host))
			return true;
	return false;
}

void pin_known_hosts(const struct pin *p, const char *host, struct buf *out)
{
	for (size_t i = 0; i < p->ssh_count; i++)
		buf_printf(out, "%s %s\n", host, p->ssh_keys[i]);
	for (size_t i = 0; i < p->ssh_next_count; i++)
		buf_printf(out, "%s %s\n", host, p->ssh_keys_next[i]);
}

int pin_ssh_fingerprint(const char *line, struct buf *out, struct err *e)
{
	scoped_buf struct buf blob = BUF_MAX(PIN_SSH_LINE_MAX), b64 = BUF_MAX(64);
	uint8_t digest[SHA256_SIZE];
	int r = ssh_line(line, pin_doc, &blob, e);

	if (r)
		return r;
	sha256(blob.data, blob.size, digest);
	base64_encode(&b64, digest, sizeof digest);
	buf_printf(out, "%.*s SHA256:%.*s", (int)strcspn(line, " "), line, (int)strcspn(b64.data, "="), b64.data);
	return 0;
}

void pin_curl(const struct pin *p, struct buf *out)
{
	buf_str(out, "sha256//");
	base64_encode(out, p->tls_spki, SHA256_SIZE);
	if (p->has_tls_next) {
		buf_str(out, ";sha256//");
		base64_encode(out, p->tls_spki_next, SHA256_SIZE);
	}
}
