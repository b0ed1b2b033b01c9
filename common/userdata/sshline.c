/* sshline.c - see sshline.h */
#include "common/userdata/sshline.h"

#include <string.h>
#include "common/base/buf.h"

/* As sshd takes them, and the short names that cloud-init takes besides. */
static const char *const types[] = {
	"dsa", "rsa", "ecdsa", "ed25519",
	"ssh-ed25519", "ssh-rsa", "ssh-dss", "ssh-xmss@openssh.com",
	"ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521",
	"sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com",
	"ssh-ed25519-cert-v01@openssh.com", "ssh-rsa-cert-v01@openssh.com", "ssh-dss-cert-v01@openssh.com", "ssh-xmss-cert-v01@openssh.com",
	"ecdsa-sha2-nistp256-cert-v01@openssh.com", "ecdsa-sha2-nistp384-cert-v01@openssh.com", "ecdsa-sha2-nistp521-cert-v01@openssh.com",
	"sk-ssh-ed25519-cert-v01@openssh.com", "sk-ecdsa-sha2-nistp256-cert-v01@openssh.com",
};

#define SPACE " \t\r\n\f\v"

/* TYPE BLOB [COMMENT] */
static bool take_key(struct arena *a, const char *s, struct sshline *ret)
{
	size_t n = strcspn(s, SPACE);
	bool known = false;

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		known |= strlen(types[i]) == n && memcmp(types[i], s, n) == 0;
	const char *blob = s + n + strspn(s + n, SPACE);
	size_t m = strcspn(blob, SPACE);
	if (!known || !m)
		return false;
	const char *comment = blob + m + strspn(blob + m, SPACE);
	size_t k = strlen(comment);
	while (k && strchr(SPACE, comment[k - 1]))
		k--;
	ret->type = arena_copy(a, s, n);
	ret->blob = arena_copy(a, blob, m);
	ret->comment = arena_copy(a, comment, k);
	return true;
}

/* The options end at the first space outside double quotes, in which \" is a quote. */
static size_t options_length(const char *s)
{
	bool quoted = false;
	size_t i = 0;

	for (; s[i] && (quoted || (s[i] != ' ' && s[i] != '\t')); i++) {
		if (s[i] == '\\' && s[i + 1] == '"')
			i++;
		else if (s[i] == '"')
			quoted = !quoted;
	}
	return i;
}

struct sshline sshline_parse(struct arena *a, const char *line, const char *options)
{
	struct sshline l = { .line = arena_text(a, line) };
	const char *s = line + strspn(line, SPACE);

	if (!*s || *s == '#')
		return l;
	if (take_key(a, s, &l)) {
		l.options = options;
		return l;
	}
	size_t n = options_length(s);
	if (take_key(a, s + n + strspn(s + n, SPACE), &l))
		l.options = options && *options ? options : arena_copy(a, s, n);
	return l;
}

static void put(struct buf *out, const struct sshline *l)
{
	const char *const words[] = { l->options, l->type, l->blob, l->comment };
	bool any = false;

	for (size_t i = 0; l->type && i < ARRAY_SIZE(words); i++)
		if (words[i] && *words[i]) {
			buf_str(out, any ? " " : "");
			buf_str(out, words[i]);
			any = true;
		}
	buf_str(out, l->type ? "" : l->line);
	buf_str(out, "\n");
}

const char *sshline_update(struct arena *a, const char *text, const struct sshline *lines, size_t n)
{
	scoped_buf struct buf out = BUF_MAX(16 << 20);
	bool *used = arena_array(a, n + 1, sizeof *used);

	while (*text) {
		size_t len = strcspn(text, "\n");
		struct sshline there = sshline_parse(a, arena_copy(a, text, len), NULL);
		bool again = false;
		for (size_t i = 0; there.type && i < n; i++)
			if (lines[i].type && strcmp(lines[i].blob, there.blob) == 0) {
				if (!used[i])
					put(&out, &lines[i]);
				again = used[i] = true;
			}
		if (!again) {
			buf_add(&out, text, len);
			buf_str(&out, "\n");
		}
		text += len + (text[len] == '\n');
	}
	for (size_t i = 0; i < n; i++)
		if (lines[i].type && !used[i])
			put(&out, &lines[i]);
	return arena_copy(a, out.data ? out.data : "", out.size);
}
