/* credentials.c - systemd's system credentials of the firmware: SMBIOS type 11 strings and fw_cfg's opt/io.systemd.credentials (systemd.system-credentials(7)).
 *
 * They become a cloud-config. A credential that systemd uses by itself is left to it. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "agent/source/offer.h"
#include "common/base/file.h"
#include "common/base/text.h"

#define DMI_ENTRIES "/sys/firmware/dmi/entries"
#define FW_CFG "/sys/firmware/qemu_fw_cfg/by_name/opt/io.systemd.credentials"
#define MACHINE_ID "system.machine_id"
enum { MACHINE_ID_SIZE = 32, ENTRIES_MAX = 64, CREDENTIALS_MAX = 256, OEM_STRINGS = 11, HEADER_SIZE = 4, NAME_SIZE = 128 };

/* Where a credential goes in the config: a key of its top, or of root's entry in users. */
static const struct row { const char *name, *key; bool root, list; } rows[] = {
	{ "ssh.authorized_keys.root", "ssh_authorized_keys", true, true }, { "passwd.hashed-password.root", "hashed_passwd", true, false },
	{ "passwd.plaintext-password.root", "plain_text_passwd", true, false }, { "passwd.shell.root", "shell", true, false },
	{ "system.hostname", "hostname", false, false }, { "firstboot.hostname", "hostname", false, false },
	{ "firstboot.locale", "locale", false, false }, { "firstboot.timezone", "timezone", false, false },
};
static const struct { const char *name; size_t offset; } texts[] = {
	{ "natal.user-data", offsetof(struct offer, user) }, { "natal.vendor-data", offsetof(struct offer, vendor) },
	{ "natal.network-config", offsetof(struct offer, network) },
};

static struct node *root_of(struct offer *o)
{
	struct place place = o->config->place;
	struct node *users = node_get(o->config, "users"), *root;

	if (users)
		return users->items[0];
	users = node_new(&o->arena, NODE_LIST, place);
	root = node_new(&o->arena, NODE_MAP, place);
	node_put(&o->arena, root, "name", node_text(&o->arena, "root", place));
	node_add(&o->arena, users, root);
	node_put(&o->arena, o->config, "users", users);
	node_put(&o->arena, o->config, "disable_root", node_bool(&o->arena, false, place));
	return root;
}

static struct node *lines(struct arena *a, const char *text, size_t size, struct place place)
{
	struct node *list = node_new(a, NODE_LIST, place);

	for (const char *at = text, *end = text + size; at < end;) {
		const char *nl = memchr(at, '\n', (size_t)(end - at)), *stop = nl ? nl : end;
		while (stop > at && (stop[-1] == '\r' || stop[-1] == ' '))
			stop--;
		if (stop > at && *at != '#')
			node_add(a, list, node_text_n(a, at, (size_t)(stop - at), place));
		at = nl ? nl + 1 : end;
	}
	return list;
}

/* machine-id(5): 32 hex digits, not all of them 0. */
static void take_machine_id(struct offer *o, const char *text, size_t size)
{
	char *id = arena_copy(&o->arena, text, size);
	bool some = false;

	for (size_t i = 0; i < size; i++) {
		id[i] = (char)tolower((unsigned char)id[i]);
		some |= id[i] != '0';
	}
	if (size == MACHINE_ID_SIZE && some && strspn(id, "0123456789abcdef") == size)
		o->machine_id = id;
	else
		err_hint(note_add(&o->notes, NOTE_WARNING, ERR_FORMAT, NULL, "the credential " MACHINE_ID " is not applied: it is not 32 hex digits, or all are 0"),
			"the machine id is made of this machine's UUID");
}

void credential_take(struct offer *o, const char *name, const void *bytes, size_t size)
{
	struct arena *a = &o->arena;
	struct place place = { arena_printf(a, "credential %s", name), 1, 1 };
	const char *text = bytes;

	if (!o->config)
		o->config = node_new(a, NODE_MAP, (struct place){ .doc = "credentials" });
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		if (strcmp(texts[i].name, name) == 0) {
			*(struct offer_text *)((char *)o + texts[i].offset) = (struct offer_text){ arena_copy(a, bytes, size), size };
			return;
		}
	while (size && (text[size - 1] == '\n' || text[size - 1] == '\r'))
		size--;
	if (strcmp(name, MACHINE_ID) == 0) {
		take_machine_id(o, text, size);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (strcmp(rows[i].name, name) != 0)
			continue;
		struct node *value = rows[i].list ? lines(a, text, size, place) : node_text_n(a, text, size, place);
		node_put(a, rows[i].root ? root_of(o) : o->config, rows[i].key, value);
		if (strcmp(name, "passwd.hashed-password.root") == 0 || strcmp(name, "passwd.plaintext-password.root") == 0)
			node_put(a, root_of(o), "lock_passwd", node_bool(a, false, place));
		return;
	}
	err_hint(note_add(&o->notes, NOTE_WARNING, ERR_UNSUPPORTED, NULL, "the credential %.100s is not applied by natal", name),
		"systemd may use it by itself");
}

/* "io.systemd.credential:NAME=VALUE", or its binary form in base64. */
static void take_string(struct offer *o, const char *s, size_t n, size_t *count)
{
	static const char plain[] = "io.systemd.credential:", binary[] = "io.systemd.credential.binary:";
	scoped_buf struct buf bytes = BUF_MAX(OFFER_TEXT_MAX);
	bool is_binary = n >= sizeof binary - 1 && memcmp(s, binary, sizeof binary - 1) == 0;
	size_t head = is_binary ? sizeof binary - 1 : sizeof plain - 1;
	struct err bad;

	if (!is_binary && (n < head || memcmp(s, plain, head) != 0))
		return;
	const char *equal = memchr(s + head, '=', n - head);
	if (!equal || equal == s + head || (size_t)(equal - s) - head >= NAME_SIZE || ++*count > CREDENTIALS_MAX) {
		note_add(&o->notes, NOTE_WARNING, ERR_FORMAT, NULL, "an SMBIOS string is no credential, or one too many");
		return;
	}
	const char *name = arena_copy(&o->arena, s + head, (size_t)(equal - s) - head);
	size_t size = n - (size_t)(equal + 1 - s);
	if (is_binary && base64_decode(equal + 1, size, name, &bytes, &bad)) {
		note_add(&o->notes, NOTE_WARNING, ERR_FORMAT, NULL, "the credential %s is not base64", name);
		return;
	}
	credential_take(o, name, is_binary ? (bytes.data ? bytes.data : "") : equal + 1, is_binary ? bytes.size : size);
}

/* SMBIOS 3.6, 6.1.3 and 7.12: behind the structure its strings, each ended by a NUL, the last by two. */
void credentials_strings(struct offer *o, const void *raw, size_t size, size_t *count)
{
	const uint8_t *b = raw;

	if (size < HEADER_SIZE || b[0] != OEM_STRINGS || b[1] < HEADER_SIZE || b[1] > size)
		return;
	for (const char *at = (const char *)raw + b[1], *end = (const char *)raw + size; at < end && *at;) {
		const char *nul = memchr(at, 0, (size_t)(end - at));
		size_t n = (size_t)((nul ? nul : end) - at);
		take_string(o, at, n, count);
		at += n + 1;
	}
}

int credentials_smbios(int root, struct offer *o, struct err *e)
{
	size_t count = 0;

	o->source = WAIVED_SMBIOS;
	snprintf(o->origin, sizeof o->origin, "SMBIOS OEM strings");
	for (int i = 0; i < ENTRIES_MAX; i++) {
		scoped_buf struct buf raw = BUF_MAX(OFFER_SMALL_MAX);
		bool absent = true;
		int r = file_read(root, arena_printf(&o->arena, DMI_ENTRIES "/%d-%d/raw", OEM_STRINGS, i), &raw, &absent, e);
		if (r)
			return r;
		if (absent)
			break;
		credentials_strings(o, raw.data, raw.size, &count);
	}
	return 0;
}

static void dir_close(DIR **d)
{
	if (*d)
		closedir(*d);
}

int credentials_fw_cfg(int root, struct offer *o, struct err *e)
{
	size_t count = 0;

	o->source = WAIVED_FW_CFG;
	snprintf(o->origin, sizeof o->origin, "fw_cfg opt/io.systemd.credentials");
	scoped_fd int fd = file_open(root, FW_CFG, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return err_sys(e, "open folder " FW_CFG);
	scoped(dir_close) DIR *d = fdopendir(fd);
	if (!d)
		return err_sys(e, "read folder " FW_CFG);
	give_fd(&fd);
	for (struct dirent *entry; (entry = readdir(d));) {
		scoped_buf struct buf raw = BUF_MAX(OFFER_SMALL_MAX);
		bool absent = true;
		if (entry->d_name[0] == '.' || strlen(entry->d_name) >= NAME_SIZE)
			continue;
		if (++count > CREDENTIALS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d credentials in fw_cfg", CREDENTIALS_MAX);
		int r = file_read(root, arena_printf(&o->arena, FW_CFG "/%s/raw", entry->d_name), &raw, &absent, e);
		if (r)
			return r;
		if (!absent)
			credential_take(o, entry->d_name, raw.data ? raw.data : "", raw.size);
	}
	return 0;
}
