/* spec.c - see spec.h */
#include "controller/service/spec.h"

#include <arpa/inet.h>
#include <string.h>
#include "common/base/text.h"

#define TEXT(m) JSON_FIELD(struct vm_spec, m, JSON_TEXT, false)
#define LIST(m) JSON_FIELD(struct vm_spec, m, JSON_ARRAY, false)
const struct json_field vm_spec_fields[VM_SPEC_FIELDS] = {
	JSON_FIELD(struct vm_spec, name, JSON_TEXT, true), TEXT(image), TEXT(host), TEXT(uuid), TEXT(mac), TEXT(hostname),
		TEXT(timezone), TEXT(channel),
	JSON_FIELD(struct vm_spec, memory_mb, JSON_UINT, false), JSON_FIELD(struct vm_spec, cpus, JSON_UINT, false),
	JSON_FIELD(struct vm_spec, rsa, JSON_BOOL, false), LIST(users), LIST(addresses), LIST(files), LIST(run), LIST(ca_certs),
		LIST(forwards), LIST(names),
};

static const char lower[] = "abcdefghijklmnopqrstuvwxyz", digits[] = "0123456789";

static bool made_of(const char *s, const char *a, const char *b, const char *more)
{
	for (; *s; s++)
		if (!strchr(a, *s) && !strchr(b, *s) && !strchr(more, *s))
			return false;
	return true;
}

/* A label of a host name: what a VM's name has to be, since it becomes one. */
static bool is_label(const char *s)
{
	return *s && *s != '-' && strlen(s) <= 63 && s[strlen(s) - 1] != '-' && made_of(s, lower, digits, "-");
}

static bool is_hostname(const char *s)
{
	if (!made_of(s, lower, digits, "-.") || strlen(s) > 253)
		return false;
	for (;; s++) {          /* RFC 1123 2.1: labels of 1 to 63, no '-' at either end */
		size_t n = strcspn(s, ".");
		if (n == 0 || n > 63 || *s == '-' || s[n - 1] == '-')
			return false;
		s += n;
		if (!*s)
			return true;
	}
}

static bool is_uuid(const char *s)
{
	if (strlen(s) != 36)
		return false;
	for (int i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !strchr("0123456789abcdef", s[i]))
			return false;
	return true;
}

static bool is_mac(const char *s)
{
	if (strlen(s) != 17)
		return false;
	for (int i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !strchr("0123456789abcdef", s[i]))
			return false;
	return !strchr("13579bdf", s[1]);       /* a group address is nobody's */
}

static size_t list_size(struct json_object *a) { return a ? json_object_array_length(a) : 0; }
static const char *list_text(struct json_object *a, size_t i)
{
	struct json_object *o = json_object_array_get_idx(a, i);
	return json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;
}

static int bad(struct err *e, const char *what, const char *value, const char *want)
{
	err_set(e, ERR_FORMAT, "%s '%.100s' is not %s", what, value ? value : "", want);
	return -(int)e->code;
}

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
	bad(e, "SSH key", key, "a line of an OpenSSH public key");
	err_hint(e, "give the .pub file, not the private one");
	return -(int)e->code;
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
		if (!*u.name || strchr(digits, *u.name) || *u.name == '-' || strlen(u.name) > 32 || !made_of(u.name, lower, digits, "_-"))
			return bad(e, "user", u.name, "a user name: a small letter or '_' first, then small letters, digits, '-' and '_', at most 32");
		for (size_t k = 0; k < list_size(u.ssh_keys); k++)
			if ((r = check_ssh_key(list_text(u.ssh_keys, k), e)))
				return r;
	}
	return 0;
}

/* No empty, '.' or '..' component, no control character: what the agent would refuse is not signed. */
static bool is_file_path(const char *p)
{
	if (*p != '/' || !p[1])
		return false;
	for (const char *c = p; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	for (const char *part = p + 1;; part++) {
		size_t n = strcspn(part, "/");
		if (n == 0 || (n == 1 && *part == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += n;
		if (!*part)
			return true;
	}
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
		if (!is_file_path(f.path))
			return bad(e, "file", f.path, "an absolute path of a file in the guest");
		if (!json_object_is_type(f.content_b64, json_type_string))
			return err_set(e, ERR_FORMAT, "file '%.100s' has no content", f.path);
		if ((r = base64_decode(json_object_get_string(f.content_b64), (size_t)json_object_get_string_len(f.content_b64),
			"a file's content", &content, e)))
			return err_wrap(e, "file '%.100s'", f.path);
		if (*f.mode && (strlen(f.mode) != 4 || *f.mode != '0' || strspn(f.mode, "01234567") != 4))
			return bad(e, "mode", f.mode, "four octal digits such as 0644");
	}
	return 0;
}

struct address { bool dhcp; char cidr[64], ip[48], gateway[48], dns[4][48]; size_t dns_count; };

static bool is_ip(const char *s)
{
	uint8_t a[16];
	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

static int read_cidr(const char *text, struct address *ret, struct err *e)
{
	const char *slash = strchr(text, '/');
	unsigned bits = 0;

	if (!slash || (size_t)(slash - text) >= sizeof ret->ip || strlen(text) >= sizeof ret->cidr)
		return bad(e, "address", text, "'dhcp' or ADDRESS/PREFIX such as 192.0.2.7/24");
	memcpy(ret->ip, text, (size_t)(slash - text));
	ret->ip[slash - text] = 0;
	for (const char *p = slash + 1; *p; p++)
		bits = strchr(digits, *p) && bits < 1000 ? 10 * bits + (unsigned)(*p - '0') : 1000;
	if (!slash[1] || !is_ip(ret->ip) || bits > (strchr(ret->ip, ':') ? 128U : 32U))
		return bad(e, "address", text, "'dhcp' or ADDRESS/PREFIX such as 192.0.2.7/24");
	memcpy(ret->cidr, text, strlen(text) + 1);
	return 0;
}

static int read_address(const char *text, struct address *ret, struct err *e)
{
	char copy[400], *rest = copy;

	*ret = (struct address){ 0 };
	int r = text_copy(copy, sizeof copy, text ? text : "", "an address", e);
	if (r)
		return r;
	const char *first = strsep(&rest, ",");
	if (!(ret->dhcp = strcmp(first, "dhcp") == 0) && (r = read_cidr(first, ret, e)))
		return r;
	for (char *part; (part = strsep(&rest, ","));) {
		const char *ip = strchr(part, '=');
		if (!ip || !is_ip(++ip))
			return bad(e, "address option", part, "gw=ADDRESS or dns=ADDRESS");
		if (text_starts(part, "gw=") && !ret->dhcp)
			r = text_copy(ret->gateway, sizeof ret->gateway, ip, "a gateway", e);
		else if (text_starts(part, "dns=") && ret->dns_count < ARRAY_SIZE(ret->dns))
			r = text_copy(ret->dns[ret->dns_count++], sizeof ret->dns[0], ip, "a name server", e);
		else
			return bad(e, "address option", part, "gw=ADDRESS (with a static address) or dns=ADDRESS");
		if (r)
			return r;
	}
	return 0;
}

static int check_lists(const struct vm_spec *s, struct err *e)
{
	struct address a;
	int r;

	for (size_t i = 0; i < list_size(s->addresses); i++)
		if ((r = read_address(list_text(s->addresses, i), &a, e)))
			return r;
	for (size_t i = 0; i < list_size(s->names); i++) {
		const char *n = list_text(s->names, i);
		if (!n || strlen(n) > 127 || (!is_ip(n) && !is_hostname(n)))
			return bad(e, "name", n, "a host name or an address");
	}
	for (size_t i = 0; i < list_size(s->ca_certs); i++) {
		const char *pem = list_text(s->ca_certs, i);
		if (!pem || !text_starts(pem, "-----BEGIN CERTIFICATE-----"))
			return bad(e, "CA certificate", pem ? "…" : "", "a PEM certificate");
	}
	for (size_t i = 0; i < list_size(s->run); i++)
		if (!list_text(s->run, i))
			return err_set(e, ERR_FORMAT, "run: entry %zu is no text", i + 1);
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

int spec_read(struct json_object *o, struct vm_spec *ret, struct err *e)
{
	static const char *const hosts[] = { "local", "none", NULL };
	struct vm_spec s = { .memory_mb = 512, .cpus = 1, .host = "local" };

	int r = json_decode(o, vm_spec_fields, VM_SPEC_FIELDS, "vm", &s, e);
	if (r)
		return r;
	if (!is_label(s.name))
		return bad(e, "VM name", s.name, "a host name label: small letters, digits and '-', at most 63");
	if (*s.hostname && !is_hostname(s.hostname))
		return bad(e, "hostname", s.hostname, "a host name");
	if (*s.timezone && (*s.timezone == '/' || strstr(s.timezone, "..") || strspn(s.timezone, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789_+-/") != strlen(s.timezone)))
		return bad(e, "timezone", s.timezone, "a name such as Europe/Berlin");
	if (*s.uuid && (!is_uuid(s.uuid) || strspn(s.uuid, "0-") == 36))
		return bad(e, "UUID", s.uuid, "of the form 6f0c2a5e-0000-4000-8000-000000000000 in small letters");
	if (*s.mac && !is_mac(s.mac))
		return bad(e, "MAC", s.mac, "of the form 52:54:00:12:34:56");
	if (strcmp(s.host, "local") != 0 && strcmp(s.host, "none") != 0) {
		err_set(e, ERR_NOT_FOUND, "there is no host '%s'", s.host);
		err_suggest(e, s.host, hosts, "hosts are 'local' (QEMU here) and 'none' (somebody else starts the guest)");
		return -(int)e->code;
	}
	if (s.memory_mb < 64 || s.memory_mb > 1 << 22 || s.cpus < 1 || s.cpus > 512)
		return err_set(e, ERR_FORMAT, "memory is 64 MB to 4 TB and cpus 1 to 512; given %llu MB, %llu",
			(unsigned long long)s.memory_mb,
			(unsigned long long)s.cpus);
	if (*s.channel && !text_starts(s.channel, "unix:/"))
		return bad(e, "channel", s.channel, "unix:PATH with an absolute path");
	if ((r = check_users(&s, e)) || (r = check_files(&s, e)) || (r = check_lists(&s, e)))
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
		if ((r = read_address(list_text(s->addresses, i), &a, e)) || (!a.dhcp && (r = add_name(names, max, &n, a.ip, e))))
			return r;
	*ret = n;
	return 0;
}

static struct json_object *user_json(struct json_object *u)
{
	struct json_object *o = json_object_new_object(), *keys = NULL, *sudo = NULL;

	json_put(o, "name", json_text(u, "name"));
	json_put(o, "shell", "/bin/bash");
	json_put_bool(o, "lock_passwd", true);
	json_object_object_get_ex(u, "ssh_keys", &keys);
	if (list_size(keys))
		json_object_object_add(o, "ssh_authorized_keys", json_object_get(keys));
	if (json_object_object_get_ex(u, "sudo", &sudo) && json_object_get_boolean(sudo))
		json_put(o, "sudo", "ALL=(ALL) NOPASSWD:ALL");
	return o;
}

static struct json_object *file_json(struct json_object *f)
{
	struct json_object *o = json_object_new_object();
	const char *mode = json_text(f, "mode");

	json_put(o, "path", json_text(f, "path"));
	json_put(o, "encoding", "b64");
	json_put(o, "content", json_text(f, "content_b64"));
	json_put(o, "permissions", mode ? mode : "0644");
	return o;
}

static void add_list(struct json_object *o, const char *key, struct json_object *from, struct json_object *(*make)(struct json_object *))
{
	if (!list_size(from))
		return;
	struct json_object *a = json_object_new_array();
	for (size_t i = 0; i < list_size(from); i++) {
		struct json_object *item = json_object_array_get_idx(from, i);
		json_object_array_add(a, make ? make(item) : json_object_get(item));
	}
	json_object_object_add(o, key, a);
}

int spec_user_data(const struct vm_spec *s, struct buf *out, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	const char *host = *s->hostname ? s->hostname : s->name;
	json_put(o, "hostname", host);
	if (strchr(host, '.'))
		json_put(o, "fqdn", host);
	if (*s->timezone)
		json_put(o, "timezone", s->timezone);
	add_list(o, "users", s->users, user_json);
	add_list(o, "write_files", s->files, file_json);
	if (list_size(s->ca_certs)) {
		struct json_object *ca = json_object_new_object();
		add_list(ca, "trusted", s->ca_certs, NULL);
		json_object_object_add(o, "ca_certs", ca);
	}
	add_list(o, "runcmd", s->run, NULL);
	buf_str(out, "#cloud-config\n");
	buf_str(out, json_line(o));
	return buf_check(out, "user-data", e);
}

static struct json_object *texts(const char *text)
{
	struct json_object *a = json_object_new_array();
	json_object_array_add(a, json_object_new_string(text));
	return a;
}

static struct json_object *nic_json(const struct address *a, const char *mac)
{
	struct json_object *nic = json_object_new_object(), *match = json_object_new_object();

	json_put(match, *mac ? "macaddress" : "name", *mac ? mac : "e*");
	json_object_object_add(nic, "match", match);
	if (a->dhcp)
		json_put_bool(nic, "dhcp4", true);
	else
		json_object_object_add(nic, "addresses", texts(a->cidr));
	if (*a->gateway) {
		struct json_object *route = json_object_new_object(), *routes = json_object_new_array();
		json_put(route, "to", "default");
		json_put(route, "via", a->gateway);
		json_object_array_add(routes, route);
		json_object_object_add(nic, "routes", routes);
	}
	if (a->dns_count) {
		struct json_object *ns = json_object_new_object(), *list = json_object_new_array();
		for (size_t i = 0; i < a->dns_count; i++)
			json_object_array_add(list, json_object_new_string(a->dns[i]));
		json_object_object_add(ns, "addresses", list);
		json_object_object_add(nic, "nameservers", ns);
	}
	return nic;
}

int spec_network(const struct vm_spec *s, const char *mac, struct buf *out, struct err *e)
{
	struct address a;

	if (!list_size(s->addresses))
		return 0;
	if (list_size(s->addresses) > 1)
		return err_set(e, ERR_UNSUPPORTED, "one --address a VM: it has one network card");
	int r = read_address(list_text(s->addresses, 0), &a, e);
	if (r)
		return r;
	scoped_json struct json_object *o = json_object_new_object();
	struct json_object *ethernets = json_object_new_object();
	json_put_uint(o, "version", 2);
	json_object_object_add(ethernets, "nic0", nic_json(&a, mac));
	json_object_object_add(o, "ethernets", ethernets);
	buf_str(out, json_line(o));
	return buf_check(out, "network-config", e);
}
