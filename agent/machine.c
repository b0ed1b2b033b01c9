/* machine.c - see agent/config/machine.h */
#include "agent/config/machine.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include "common/base/file.h"
#include "common/base/text.h"

enum { RELEASE_MAX = 64 << 10 };

/* A value of os-release(5), without its quotes. */
static void release_word(const char *text, const char *key, char ret[MACHINE_WORD_MAX])
{
	size_t n = strlen(key);

	*ret = 0;
	for (const char *line = text, *end; line; line = (end = strchr(line, '\n')) ? end + 1 : NULL) {
		if (strncmp(line, key, n) != 0 || line[n] != '=')
			continue;
		const char *from = line + n + 1;
		from += *from == '"' || *from == '\'';
		snprintf(ret, MACHINE_WORD_MAX, "%.*s", (int)strcspn(from, "\"'\n"), from);
		text_printable(ret);
	}
}

/* "40 (Cloud Edition)", of VERSION: what is in the brackets, as cloud-init has it where there is no codename. */
static void release_name(const char *text, char ret[MACHINE_WORD_MAX])
{
	char version[MACHINE_WORD_MAX];

	release_word(text, "VERSION", version);
	const char *open = strstr(version, " ("), *end = open ? strchr(open, ')') : NULL;
	if (end && open == version + strcspn(version, " "))
		snprintf(ret, MACHINE_WORD_MAX, "%.*s", (int)(end - open - 2), open + 2);
}

void machine_read(int root, struct machine *ret)
{
	static const char *const paths[] = { "/etc/os-release", "/usr/lib/os-release" };
	static const struct { const char *key; size_t at; } words[] = {
		{ "ID", offsetof(struct machine, id) }, { "ID_LIKE", offsetof(struct machine, like) },
		{ "VERSION_ID", offsetof(struct machine, version) }, { "VERSION_CODENAME", offsetof(struct machine, codename) },
	};
	scoped_buf struct buf text = BUF_MAX(RELEASE_MAX);
	struct err ignored;
	struct utsname u;
	bool absent = true;

	*ret = (struct machine){ 0 };
	for (size_t i = 0; i < ARRAY_SIZE(paths) && absent; i++)
		if (file_read(root, paths[i], &text, &absent, &ignored)) {
			buf_clear(&text);
			absent = true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		release_word(text.data ? text.data : "", words[i].key, (char *)ret + words[i].at);
	if (!*ret->codename)
		release_name(text.data ? text.data : "", ret->codename);
	if (uname(&u))
		return;
	snprintf(ret->node, sizeof ret->node, "%s", u.nodename);
	snprintf(ret->kernel, sizeof ret->kernel, "%s", u.release);
	snprintf(ret->arch, sizeof ret->arch, "%s", u.machine);
	snprintf(ret->system, sizeof ret->system, "%s", u.sysname);
	snprintf(ret->build, sizeof ret->build, "%s", u.version);
}
