/* proof.c - what the machine says: a token, where to ask; and the nonce of this guest. See birth.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "agent/birth/birth.h"
#include "common/base/file.h"
#include "common/base/text.h"

#define DMI_STRINGS "/sys/firmware/dmi/entries/11-0/raw"
#define FW_CFG "/sys/firmware/qemu_fw_cfg/by_name/" FW_CFG_PREFIX
enum { TEXT_MAX = 64 << 10, WORD_MAX = 512, OEM_STRINGS = 11, OEM_HEADER = 4 };

/* Up to blank or line end. false: it does not fit. */
static bool take_word(const char *at, char *out, size_t size)
{
	size_t n = strcspn(at, " \t\r\n");

	if (n >= size)
		return false;
	memcpy(out, at, n);
	out[n] = 0;
	return true;
}

static bool from_file(int root, const char *path, char *out, size_t size)
{
	scoped_buf struct buf text = BUF_MAX(TEXT_MAX);
	struct err ignored;
	bool absent = true;

	*out = 0;
	return file_read(root, path, &text, &absent, &ignored) == 0 && !absent && text.data && take_word(text.data, out, size) && *out;
}

static bool from_cmdline(int root, const char *word, char *out, size_t size)
{
	scoped_buf struct buf text = BUF_MAX(TEXT_MAX);
	struct err ignored;
	bool absent = true;

	*out = 0;
	if (file_read(root, "/proc/cmdline", &text, &absent, &ignored) || absent || !text.data)
		return false;
	for (const char *at = text.data; (at = strstr(at, word)); at++)
		if (at == text.data || at[-1] == ' ')
			return take_word(at + strlen(word), out, size) && *out;
	return false;
}

/* SMBIOS 3.6, 6.1.3 and 7.12: behind the structure its strings, each ended by a NUL, the last by two. */
bool birth_oem_word(const void *raw, size_t size, const char *word, char *out, size_t out_size)
{
	const uint8_t *b = raw;
	size_t head = strlen(word);

	if (size < OEM_HEADER || b[0] != OEM_STRINGS || b[1] < OEM_HEADER || b[1] > size)
		return false;
	for (const char *at = (const char *)raw + b[1], *end = (const char *)raw + size; at < end && *at;) {
		const char *nul = memchr(at, 0, (size_t)(end - at));
		size_t n = (size_t)((nul ? nul : end) - at);
		if (n > head && n - head < out_size && memcmp(at, word, head) == 0) {
			memcpy(out, at + head, n - head);
			out[n - head] = 0;
			return true;
		}
		at += n + 1;
	}
	return false;
}

static bool from_oem(int root, const char *word, char *out, size_t size)
{
	scoped_buf struct buf raw = BUF_MAX(TEXT_MAX);
	struct err ignored;
	bool absent = true;

	return file_read(root, DMI_STRINGS, &raw, &absent, &ignored) == 0 && !absent && birth_oem_word(raw.data, raw.size, word, out, size);
}

static bool machine_says(int root, const char *fw_cfg, const char *word, char out[WORD_MAX])
{
	return from_file(root, fw_cfg, out, WORD_MAX) || from_oem(root, word, out, WORD_MAX) || from_cmdline(root, word, out, WORD_MAX);
}

int birth_find_server(int root, struct birthplace *place, struct err *e)
{
	char word[WORD_MAX];

	if (*place->host)
		return 0;
	if (machine_says(root, FW_CFG "birth-server/raw", BIRTH_SERVER_WORD, word))
		return birthplace_server(word, "this machine's " BIRTH_SERVER_WORD, place, e);
	err_set(e, ERR_NOT_FOUND, "no medium is here, and nobody says where to ask for a bundle");
	err_hint(e, "\"birth\": {\"server\": URL} in " POLICY_PATH ", or " BIRTH_SERVER_WORD "URL on the kernel's command line");
	return -(int)e->code;
}

int birth_find_token(int root, char ret[BIRTH_TOKEN_MAX], bool *ret_absent, struct err *e)
{
	char word[WORD_MAX];

	*ret_absent = !from_file(root, BIRTH_TOKEN_PATH, word, sizeof word) &&
		!machine_says(root, FW_CFG "birth-token/raw", BIRTH_TOKEN_WORD, word);
	return *ret_absent ? 0 : text_copy(ret, BIRTH_TOKEN_MAX, word, "the token of natalctl vm birth-token", e);
}

int birth_nonce(int root, uint8_t ret[BIRTH_NONCE_SIZE], struct err *e)
{
	char hex[2 * BIRTH_NONCE_SIZE + 2];

	if (from_file(root, BIRTH_NONCE_PATH, hex, sizeof hex) && strlen(hex) == 2 * BIRTH_NONCE_SIZE && hex_decode(hex, ret, BIRTH_NONCE_SIZE))
		return 0;
	random_bytes(ret, BIRTH_NONCE_SIZE);
	hex_encode(ret, BIRTH_NONCE_SIZE, hex);
	hex[2 * BIRTH_NONCE_SIZE] = '\n';
	return tree_replace(root, BIRTH_NONCE_PATH, &(struct sys_file){ hex, 2 * BIRTH_NONCE_SIZE + 1, 0600, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);
}

void birth_done(int root)
{
	static const char *const paths[] = { BIRTH_TOKEN_PATH, BIRTH_NONCE_PATH };

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		bool removed;
		struct err e;
		if (tree_remove_all(root, paths[i], &removed, &e))
			fprintf(stderr, "birth: %s stays: %s\n", paths[i], e.msg);
	}
}
