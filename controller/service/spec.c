/* spec.c - see spec.h */
#include "controller/service/spec.h"

#include <string.h>
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "controller/crypto/ca.h"
#include "controller/crypto/ek.h"
#include "controller/service/address.h"
#include "controller/service/shape.h"

#define TEXT(m) JSON_FIELD(struct vm_spec, m, JSON_TEXT, false)
#define LIST(m) JSON_FIELD(struct vm_spec, m, JSON_ARRAY, false)
const struct json_field vm_spec_fields[VM_SPEC_FIELDS] = {
	JSON_FIELD(struct vm_spec, name, JSON_TEXT, true), TEXT(image), TEXT(host), TEXT(uuid), TEXT(mac), TEXT(hostname),
		TEXT(timezone), TEXT(channel), TEXT(agent), TEXT(birth), TEXT(ek),
	JSON_FIELD(struct vm_spec, memory_mb, JSON_UINT, false), JSON_FIELD(struct vm_spec, cpus, JSON_UINT, false),
	JSON_FIELD(struct vm_spec, rsa, JSON_BOOL, false), LIST(users), LIST(addresses), LIST(files), LIST(run), LIST(ca_certs),
		LIST(forwards), LIST(names),
};

/* What stands in the lists: unknown keys and other types are refused by the tables, as on the spec itself. */
struct user_in { char name[64]; struct json_object *ssh_keys; bool sudo; };
static const struct json_field user_fields[] = {
	JSON_FIELD(struct user_in, name, JSON_TEXT, true), JSON_FIELD(struct user_in, ssh_keys, JSON_ARRAY, false),
	JSON_FIELD(struct user_in, sudo, JSON_BOOL, false),
};
struct file_in { char path[4096], mode[8]; struct json_object *content_b64; };
static const struct json_field file_fields[] = {
	JSON_FIELD(struct file_in, path, JSON_TEXT, true), JSON_FIELD(struct file_in, mode, JSON_TEXT, false),
	JSON_FIELD(struct file_in, content_b64, JSON_ANY, true),
};
struct forward_in { uint64_t host, guest; };
static const struct json_field forward_fields[] = {
	JSON_FIELD(struct forward_in, host, JSON_UINT, false), JSON_FIELD(struct forward_in, guest, JSON_UINT, true),
};

/* "TYPE BASE64 [comment]", one line. */
static int check_ssh_key(const char *key, struct err *e)
{
	const char *blob = key ? strchr(key, ' ') : NULL;
	scoped_buf struct buf out = BUF_MAX(16 << 10);
	struct err ignored;

	if (blob && blob > key && !strpbrk(key, "\r\n") && !text_starts(key, "-----") && strcspn(blob + 1, " ") > 0 &&
	    base64_decode(blob + 1, strcspn(blob + 1, " "), "key", &out, &ignored) == 0)
		return 0;
	shape_bad(e, "SSH key", key, "a line of an OpenSSH public key");
	err_hint(e, "give the .pub file, not the private one");
	return -(int)e->code;
}

/* The first of those before it whose `key` is the same, or NULL. */
static const char *said_before(struct json_object *list, size_t n, const char *key, const char *text)
{
	for (size_t i = 0; i < n; i++) {
		const char *one = json_text(json_object_array_get_idx(list, i), key);
		if (one && strcmp(one, text) == 0)
			return one;
	}
	return NULL;
}

/* Certificates and nothing else: a key that stands beside one would go to every guest. */
static int check_ca_cert(const char *pem, size_t nth, struct err *e)
{
	static const char begins[] = "-----BEGIN ", certificate[] = "-----BEGIN CERTIFICATE-----";
	struct cert_facts facts;
	struct err why;

	if (!pem || !text_starts(pem, certificate) || cert_facts(pem, strlen(pem), &facts, &why))
		return shape_bad(e, "CA certificate", pem ? "…" : "", "a PEM certificate");
	for (const char *at = pem; (at = strstr(at, begins)); at++)
		if (!text_starts(at, certificate)) {
			err_set(e, ERR_FORMAT, "CA certificate %zu has something else behind it: %.*s", nth + 1, (int)strcspn(at, "\r\n"), at);
			err_hint(e, "give the certificates alone; a private key stays where it is");
			return -(int)e->code;
		}
	return 0;
}

static int check_users(const struct vm_spec *s, struct err *e)
{
	if (list_size(s->users) > SPEC_USERS_MAX)
		return err_set(e, ERR_LIMIT, "%zu users: %d at most", list_size(s->users), SPEC_USERS_MAX);
	for (size_t i = 0; i < list_size(s->users); i++) {
		struct user_in u = { .name = "" };
		int r = json_decode(json_object_array_get_idx(s->users, i), user_fields, ARRAY_SIZE(user_fields), "user", &u, e);
		if (r)
			return r;
		if (!*u.name || strchr(shape_digits, *u.name) || *u.name == '-' || strlen(u.name) > 32 || !shape_made_of(u.name, shape_lower, shape_digits, "_-"))
			return shape_bad(e, "user", u.name, "a user name: a small letter or '_' first, then small letters, digits, '-' and '_', at most 32");
		if (said_before(s->users, i, "name", u.name))
			return err_set(e, ERR_FORMAT, "user '%s' is given twice", u.name);
		for (size_t k = 0; k < list_size(u.ssh_keys); k++)
			if ((r = check_ssh_key(list_text(u.ssh_keys, k), e)))
				return r;
	}
	return 0;
}

static int check_files(const struct vm_spec *s, struct err *e)
{
	if (list_size(s->files) > SPEC_FILES_MAX)
		return err_set(e, ERR_LIMIT, "%zu files: %d at most", list_size(s->files), SPEC_FILES_MAX);
	for (size_t i = 0; i < list_size(s->files); i++) {
		scoped_buf struct buf content = BUF_MAX(64 << 20);
		struct file_in f = { .path = "" };
		int r = json_decode(json_object_array_get_idx(s->files, i), file_fields, ARRAY_SIZE(file_fields), "file", &f, e);
		if (r)
			return r;
		if (!shape_file_path(f.path))
			return shape_bad(e, "file", f.path, "an absolute path of a file in the guest");
		if (said_before(s->files, i, "path", f.path))
			return err_set(e, ERR_FORMAT, "file '%.200s' is given twice", f.path);
		if (!json_object_is_type(f.content_b64, json_type_string))
			return err_set(e, ERR_FORMAT, "file '%.100s' has no content", f.path);
		if ((r = base64_decode(json_object_get_string(f.content_b64), (size_t)json_object_get_string_len(f.content_b64),
			"a file's content", &content, e)))
			return err_wrap(e, "file '%.100s'", f.path);
		if (*f.mode && (strlen(f.mode) != 4 || *f.mode != '0' || strspn(f.mode, "01234567") != 4))
			return shape_bad(e, "mode", f.mode, "four octal digits such as 0644");
	}
	return 0;
}

static int check_lists(const struct vm_spec *s, struct err *e)
{
	struct address a;
	int r;

	for (size_t i = 0; i < list_size(s->addresses); i++)
		if ((r = address_read(list_text(s->addresses, i), &a, e)))
			return r;
	for (size_t i = 0; i < list_size(s->names); i++) {
		const char *n = list_text(s->names, i);
		if (!n || strlen(n) > 127 || (!shape_ip(n) && !shape_hostname(n)))
			return shape_bad(e, "name", n, "a host name or an address");
	}
	for (size_t i = 0; i < list_size(s->ca_certs); i++)
		if ((r = check_ca_cert(list_text(s->ca_certs, i), i, e)))
			return r;
	for (size_t i = 0; i < list_size(s->run); i++)
		if (!list_text(s->run, i))
			return err_set(e, ERR_FORMAT, "run: entry %zu is no text, or holds a NUL", i + 1);
	return spec_check_forwards(s->forwards, e);
}

int spec_check_forwards(struct json_object *forwards, struct err *e)
{
	if (list_size(forwards) > SPEC_FORWARDS_MAX)
		return err_set(e, ERR_LIMIT, "%zu forwards: %d at most", list_size(forwards), SPEC_FORWARDS_MAX);
	for (size_t i = 0; i < list_size(forwards); i++) {
		struct forward_in f = { .host = 0 };
		int r = json_decode(json_object_array_get_idx(forwards, i), forward_fields, ARRAY_SIZE(forward_fields), "forward", &f, e);
		if (r)
			return r;
		if (f.guest - 1 > 65534 || f.host > 65535)
			return err_set(e, ERR_FORMAT, "forward: ports are 1 to 65535 (host 0: choose one)");
	}
	return 0;
}

static int check_birth(const struct vm_spec *s, struct err *e)
{
	static const char *const proofs[] = { "token", "ek", NULL };
	bool none = strcmp(s->host, "none") == 0, by_ek = strcmp(s->birth, "ek") == 0;
	uint8_t digest[SHA256_SIZE];

	if (*s->birth && !by_ek && strcmp(s->birth, "token") != 0) {
		err_set(e, ERR_FORMAT, "birth is '%s': token or ek are known", s->birth);
		err_suggest(e, s->birth, proofs, "left out, the machine is born by a medium");
		return -(int)e->code;
	}
	if (*s->ek && !by_ek)
		return err_set(e, ERR_FORMAT, "an ek without birth 'ek': nobody would look at it");
	if (*s->birth && !by_ek && !none) {
		err_set(e, ERR_FORMAT, "birth 'token' goes with host 'none': there is no way to hand a token to a guest that natald starts");
		err_hint(e, "birth 'ek': it proves itself by its vTPM");
		return -(int)e->code;
	}
	if (by_ek && none != (*s->ek != 0)) {
		err_set(e, ERR_FORMAT, none ? "birth 'ek' with host 'none' wants the machine's ek" : "an ek goes with host 'none': this host makes the guest's vTPM");
		err_hint(e, none ? "its EK's certificate or public key, PEM: natalctl vm create --ek FILE" : "leave it out");
		return -(int)e->code;
	}
	return *s->ek ? ek_digest(s->ek, strlen(s->ek), digest, e) : 0;
}

int spec_read(struct json_object *o, struct vm_spec *ret, struct err *e)
{
	struct vm_spec s = { .memory_mb = 512, .cpus = 1, .host = "local" };

	int r = json_decode(o, vm_spec_fields, VM_SPEC_FIELDS, "vm", &s, e);
	if (r)
		return r;
	if (!shape_label(s.name))
		return shape_bad(e, "VM name", s.name, "a host name label: small letters, digits and '-', at most 63");
	if (*s.hostname && !shape_hostname(s.hostname))
		return shape_bad(e, "hostname", s.hostname, "a host name");
	if (*s.timezone && (*s.timezone == '/' || strstr(s.timezone, "..") || strspn(s.timezone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_+-/") != strlen(s.timezone)))
		return shape_bad(e, "timezone", s.timezone, "a name such as Europe/Berlin");
	if (*s.uuid && (!shape_uuid(s.uuid) || strspn(s.uuid, "0-") == 36))
		return shape_bad(e, "UUID", s.uuid, "of the form 6f0c2a5e-0000-4000-8000-000000000000 in small letters");
	if (*s.mac && !shape_mac(s.mac))
		return shape_bad(e, "MAC", s.mac, "of the form 52:54:00:12:34:56");
	if (!shape_made_of(s.host, shape_lower, shape_digits, "ABCDEFGHIJKLMNOPQRSTUVWXYZ-_."))
		return shape_bad(e, "host", s.host, "the name of a host: letters, digits, '-', '_' and '.'");
	if (s.memory_mb < 64 || s.memory_mb > 1 << 22 || s.cpus < 1 || s.cpus > 512)
		return err_set(e, ERR_FORMAT, "memory is 64 MB to 4 TB and cpus 1 to 512; given %llu MB, %llu",
			(unsigned long long)s.memory_mb,
			(unsigned long long)s.cpus);
	if (*s.channel && !text_starts(s.channel, "unix:/"))
		return shape_bad(e, "channel", s.channel, "unix:PATH with an absolute path");
	if ((r = check_birth(&s, e)) || (r = check_users(&s, e)) || (r = check_files(&s, e)) || (r = check_lists(&s, e)))
		return r;
	*ret = s;
	return 0;
}

static int add_name(char (*names)[128], size_t max, size_t *n, const char *name, struct err *e)
{
	for (size_t i = 0; i < *n; i++)
		if (strcmp(names[i], name) == 0)
			return 0;
	if (*n == max)
		return err_set(e, ERR_LIMIT, "more than %zu names and addresses for one VM", max);
	return text_copy(names[(*n)++], 128, name, "a name", e);
}

int spec_names(const struct vm_spec *s, char (*names)[128], size_t max, size_t *ret, struct err *e)
{
	struct address a;
	size_t n = 0;
	int r;

	/* Not its host name: that is what the guest calls itself, and two may say the same. */
	if ((r = add_name(names, max, &n, s->name, e)))
		return r;
	for (size_t i = 0; i < list_size(s->names); i++)
		if ((r = add_name(names, max, &n, list_text(s->names, i), e)))
			return r;
	for (size_t i = 0; i < list_size(s->addresses); i++)
		if ((r = address_read(list_text(s->addresses, i), &a, e)) || (!a.dhcp && (r = add_name(names, max, &n, a.ip, e))))
			return r;
	*ret = n;
	return 0;
}
