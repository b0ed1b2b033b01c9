/* words.c - see words.h */
#include "common/userdata/words.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/unpack.h"

/* A line of sudoers(5) that begins with one of these is no user's. */
static const char *const reserved[] = { "ALL", "Defaults", "User_Alias", "Runas_Alias", "Host_Alias", "Cmnd_Alias", "Cmd_Alias" };

bool word_account(const char *s)
{
	size_t n = strlen(s);

	if (n == 0 || n > 32 || *s == '-' || *s == '.' || *s == '$' || strspn(s, "0123456789") == n)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (strcmp(s, reserved[i]) == 0)
			return false;
	for (const char *p = s; *p; p++)
		if (!(isascii((unsigned char)*p) && isalnum((unsigned char)*p)) && !strchr("_.-", *p) && !(*p == '$' && !p[1]))
			return false;
	return true;
}

bool word_host(const char *s)
{
	size_t label = 0;

	if (!*s || strlen(s) > 253)
		return false;
	for (const char *p = s;; p++) {
		if (*p == '.' || !*p) {
			if (label == 0 || label > 63 || p[-1] == '-')
				return false;
			label = 0;
			if (!*p)
				return true;
			continue;
		}
		if (!(isascii((unsigned char)*p) && isalnum((unsigned char)*p)) && *p != '_' && (*p != '-' || label == 0))
			return false;
		label++;
	}
}

bool word_zone(const char *s)
{
	if (!*s || *s == '/' || strstr(s, "..") || strlen(s) >= 128)
		return false;
	for (; *s; s++)
		if (!isalnum((unsigned char)*s) && !strchr("_+-/", *s))
			return false;
	return true;
}

bool word_field(const char *s)
{
	for (; *s; s++)
		if (*s == ':' || iscntrl((unsigned char)*s))
			return false;
	return true;
}

bool word_folder(const char *s)
{
	size_t n = strlen(s);

	return *s == '/' && !strstr(s, "/../") && (n < 3 || strcmp(s + n - 3, "/..") != 0);
}

bool word_file(const char *s)
{
	size_t n = strlen(s);
	bool plain = true;

	for (const char *p = s; *p; p++)
		plain &= !iscntrl((unsigned char)*p);
	return plain && word_folder(s) && n < 4000 && s[n - 1] != '/' && !(s[n - 1] == '.' && s[n - 2] == '/');
}

bool word_hash(const char *s) { return !*s || strchr("$!*", *s); }

bool word_password(const char *user, const char *password)
{
	return *user && !strpbrk(user, ":\n") && *password && !strpbrk(password, "\r\n");
}

bool word_certificate(const char *s)
{
	const char *begin = strstr(s, "-----BEGIN CERTIFICATE-----");

	return begin && strstr(begin, "-----END CERTIFICATE-----");
}

const char *word_path(struct arena *a, const char *s)
{
	if (*s != '/' || strlen(s) >= 4000)
		return NULL;
	char *out = arena_text(a, s);
	size_t n = 0;
	for (const char *p = s; *p;) {
		size_t skip = strspn(p, "/"), word = strcspn(p + skip, "/");
		const char *at = p + skip;
		p = at + word;
		if (word == 2 && at[0] == '.' && at[1] == '.')
			return NULL;
		if (word == 0 || (word == 1 && *at == '.'))
			continue;
		out[n++] = '/';
		memcpy(out + n, at, word);
		n += word;
	}
	out[n] = 0;
	for (const char *p = out; *p; p++)
		if (iscntrl((unsigned char)*p))
			return NULL;
	return n ? out : NULL;
}

/* A number that is not written in octal was meant octal too, and says something else. */
bool word_mode(const struct node *v, unsigned *ret)
{
	const char *s = v && v->kind != NODE_NULL ? v->text : "0644";
	unsigned mode = 0;
	size_t n = 0;

	if (v && v->kind != NODE_NULL && !node_str(v) && !(v->kind == NODE_INT && *s == '0'))
		return false;
	if (s[0] == '0' && s[1] == 'o')
		s += 2;
	for (; s[n] >= '0' && s[n] <= '7' && n < 5; n++)
		mode = mode * 8 + (unsigned)(s[n] - '0');
	if (n == 0 || s[n] || mode > 07777)
		return false;
	*ret = mode;
	return true;
}

const char *word_hosts(const struct node *v)
{
	static const char *const words[] = { "true", "false", "localhost", "template" };

	if (!v || v->kind == NODE_NULL || v->kind == NODE_BOOL)
		return v && v->kind == NODE_BOOL && v->boolean ? "true" : "false";
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (node_is(v, words[i]))
			return words[i];
	return NULL;
}

const char *const word_policies[] = { "fail", "degrade", "continue", NULL };

static const struct encoding encodings[] = {
	{ "b64", true, false }, { "base64", true, false }, { "gz", false, true }, { "gzip", false, true },
	{ "gz+b64", true, true }, { "gz+base64", true, true }, { "gzip+b64", true, true }, { "gzip+base64", true, true },
	{ "text/plain", false, false },
};
const char *const word_encodings[] = { "b64", "base64", "gz", "gzip", "gz+b64", "gz+base64", "gzip+b64", "gzip+base64", "text/plain", NULL };

const struct encoding *word_encoding(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(encodings); i++)
		if (strcasecmp(encodings[i].name, name) == 0)
			return &encodings[i];
	return NULL;
}

int word_decode(const struct encoding *how, const char *text, size_t size, struct buf *out, struct err *e)
{
	scoped_buf struct buf plain = BUF_MAX(2 * WORDS_FILE_SIZE_MAX);

	if (how->base64) {
		if (base64_decode_loose(text, size, "content", &plain, e))
			return err_set(e, ERR_FORMAT, "is not base64");
		text = plain.data ? plain.data : "";
		size = plain.size;
	}
	if (!how->gzip || !size) {
		buf_add(out, text, size);
		return buf_check(out, "content", e);
	}
	if (packing_of(text, size) != PACKING_GZIP)
		return err_set(e, ERR_FORMAT, "is not gzip");
	return unpack(PACKING_GZIP, text, size, out, e) ? err_wrap(e, "cannot be unpacked") : 0;
}

bool word_single(const char *s)
{
	bool right = s && *s;

	for (; right && *s; s++)
		right = !isspace((unsigned char)*s) && !iscntrl((unsigned char)*s);
	return right;
}

bool word_line(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s) && *s != '\t')
			return false;
	return true;
}

bool word_quoted(const char *s) { return word_line(s) && !strchr(s, '"'); }
