/* guest.c - see guest.h */
#include "agent/module/guest.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template.h"

enum { INSTALL_TIMEOUT_MS = 1800 * 1000, LABEL_TIMEOUT_MS = 60 * 1000 };

int guest_program(struct builder *b, const char *name, const char **ret, struct err *e)
{
	static const char *const folders[] = { "/usr/sbin", "/usr/bin", "/sbin", "/bin" };
	struct fact there;

	*ret = NULL;
	if (*name == '/') {
		int r = facts_stat(b->facts, name, &there, e);
		if (!r && there.kind != FACT_ABSENT)
			*ret = name;
		return r;
	}
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		const char *path = arena_printf(&b->plan->arena, "%s/%s", folders[i], name);
		int r = facts_stat(b->facts, path, &there, e);
		if (r)
			return r;
		if (there.kind == FACT_FILE || there.kind == FACT_LINK) {
			*ret = path;
			return 0;
		}
	}
	return 0;
}

int guest_read(struct builder *b, struct guest *ret, struct err *e)
{
	static const struct { const char *program; enum package_tool tool; } programs[] = {
		{ "apt-get", PACKAGES_APT }, { "dnf", PACKAGES_DNF }, { "yum", PACKAGES_YUM }, { "zypper", PACKAGES_ZYPPER }, { "apk", PACKAGES_APK },
	};
	struct arena *a = &b->plan->arena;
	struct machine m;
	int r;

	machine_read(b->facts->root, &m);
	*ret = (struct guest){ .id = arena_text(a, m.id), .like = arena_text(a, m.like), .codename = arena_text(a, m.codename) };
	for (size_t i = 0; i < ARRAY_SIZE(programs) && !ret->tool_path; i++) {
		if ((r = guest_program(b, programs[i].program, &ret->tool_path, e)))
			return r;
		ret->tool = ret->tool_path ? programs[i].tool : PACKAGES_NONE;
	}
	return 0;
}

bool guest_is(const struct guest *g, const char *id)
{
	size_t n = strlen(id);

	if (strcmp(g->id, id) == 0)
		return true;
	for (const char *p = g->like; (p = strstr(p, id)); p += n)
		if ((p == g->like || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	return false;
}

const char *const *words_join(struct arena *a, const char *const *head, const char *const *tail)
{
	size_t n = 0, m = 0;

	while (head && head[n])
		n++;
	while (tail && tail[m])
		m++;
	const char **all = arena_array(a, n + m + 1, sizeof *all);
	if (n)
		memcpy(all, head, n * sizeof *all);
	if (m)
		memcpy(all + n, tail, m * sizeof *all);
	return all;
}

const char *const *words_of(struct arena *a, const struct node *list)
{
	size_t n = list && list->kind == NODE_LIST ? list->count : 0, k = 0;
	const char **all = arena_array(a, n + 1, sizeof *all);

	for (size_t i = 0; i < n; i++)
		if (node_str(list->items[i]))
			all[k++] = node_str(list->items[i]);
	return all;
}

/* What each tool is told, after its name. dnf fetches what it lacks by itself. */
static const struct { const char *update[6], *upgrade[6], *install[7]; bool update_first; } tools[] = {
	[PACKAGES_APT] = {
		{ "--option=Dpkg::Options::=--force-confold", "--assume-yes", "--quiet", "update" },
		{ "--option=Dpkg::Options::=--force-confold", "--option=Dpkg::options::=--force-unsafe-io", "--assume-yes", "--quiet", "dist-upgrade" },
		{ "--option=Dpkg::Options::=--force-confold", "--option=Dpkg::options::=--force-unsafe-io", "--assume-yes", "--quiet", "install", "--" },
		true },
	[PACKAGES_DNF] = { { "-y", "makecache" }, { "-y", "upgrade" }, { "-y", "install", "--" }, false },
	[PACKAGES_YUM] = { { "-y", "makecache" }, { "-y", "upgrade" }, { "-y", "install", "--" }, false },
	[PACKAGES_ZYPPER] = { { "--non-interactive", "refresh" }, { "--non-interactive", "update" },
		{ "--non-interactive", "install", "--auto-agree-with-licenses", "--" }, false },
	[PACKAGES_APK] = { { "update" }, { "upgrade" }, { "add", "--" }, true },
};

bool guest_updates_first(const struct guest *g) { return tools[g->tool].update_first; }

static void run_tool(struct builder *b, const struct guest *g, const char *const *words, const char *const *names, const char *why)
{
	static const char *const noninteractive[] = { "DEBIAN_FRONTEND=noninteractive", NULL };
	const char *tool[] = { g->tool_path, NULL };
	struct arena *a = &b->plan->arena;

	want_exec(b, words_join(a, words_join(a, tool, words), names), INSTALL_TIMEOUT_MS, why)->env = noninteractive;
}

static int needs_tool(const struct guest *g, struct err *e)
{
	return g->tool != PACKAGES_NONE ? 0 : err_set(e, ERR_UNSUPPORTED, "this guest has none of apt-get, dnf, yum, zypper and apk");
}

int guest_install(struct builder *b, const struct guest *g, const char *const *names, const char *why, struct err *e)
{
	int r = needs_tool(g, e);

	if (!r)
		run_tool(b, g, tools[g->tool].install, names, why);
	return r;
}

int guest_update(struct builder *b, const struct guest *g, bool upgrade, const char *why, struct err *e)
{
	int r = needs_tool(g, e);

	if (!r)
		run_tool(b, g, upgrade ? tools[g->tool].upgrade : tools[g->tool].update, NULL, why);
	return r;
}

const struct node *cloud_key(const struct builder *b, const char *key)
{
	const struct node *n = node_get(b->config->cloud, key);

	return n && n->kind != NODE_NULL ? n : NULL;
}

bool cloud_bool(const struct node *map, const char *key, bool otherwise)
{
	const struct node *n = node_get(map, key);

	return n && n->kind == NODE_BOOL ? n->boolean : otherwise;
}

const char *cloud_text(const struct node *map, const char *key, const char *otherwise)
{
	const char *s = node_str(node_get(map, key));

	return s ? s : otherwise;
}

static const char *value_of(const char *const *pairs, const char *name, size_t n)
{
	for (size_t i = 0; pairs[i]; i += 2)
		if (strlen(pairs[i]) == n && strncmp(pairs[i], name, n) == 0)
			return pairs[i + 1];
	return NULL;
}

const char *fill_in(struct arena *a, const char *s, const char *const *pairs)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);

	while (*s) {
		size_t plain = strcspn(s, "$"), braces = 0, n = 0;
		buf_add(&out, s, plain);
		s += plain;
		if (!*s)
			break;
		braces = s[1] == '{';
		const char *name = s + 1 + braces;
		while (isalnum((unsigned char)name[n]) || name[n] == '_')
			n++;
		const char *value = n && (!braces || name[n] == '}') ? value_of(pairs, name, n) : NULL;
		if (value)
			buf_str(&out, value);
		else
			buf_add(&out, s, 1);
		s += value ? 1 + 2 * braces + n : 1;
	}
	return arena_copy(a, out.data ? out.data : "", out.size);
}

int guest_template(struct builder *b, const char *text, const struct node *vars, const char **ret, struct err *e)
{
	size_t size = 0;

	return template_render(&(struct template_in){ &b->plan->arena, "template", text, strlen(text), vars }, ret, &size, e);
}

unsigned guest_mode(const char *text)
{
	for (const char *line = text; *line; line += strcspn(line, "\n"), line += *line == '\n')
		if (text_starts(line, "password") || text_starts(line, "proxy_password"))
			return 0600;
	for (const char *p = text; (p = strstr(p, "://")); ) {
		p += 3;
		size_t n = strcspn(p, "/ \t\n\"'");
		const char *at = memchr(p, '@', n);
		if (at && memchr(p, ':', (size_t)(at - p)))
			return 0600;
	}
	return 0644;
}

int want_text(struct builder *b, const char *path, const char *text, unsigned mode, struct err *e)
{
	return want_file(b, &(struct want_file){ path, text, strlen(text), mode, 0, 0, mode < 0644, false }, e);
}

void shell_command(struct buf *out, const struct node *command)
{
	if (command->kind == NODE_TEXT)
		buf_str(out, node_str(command) ? node_str(command) : "false");
	for (size_t i = 0; command->kind == NODE_LIST && i < command->count; i++) {
		buf_str(out, i ? " " : "");
		text_shell_quote(out, command->items[i]->text ? command->items[i]->text : "");
	}
	buf_str(out, "\n");
}

int take_text(struct builder *b, struct buf *out, const char **ret, struct err *e)
{
	int r = buf_check(out, "what a module writes", e);

	if (!r)
		*ret = arena_copy(&b->plan->arena, out->data ? out->data : "", out->size);
	buf_clear(out);
	return r;
}

int guest_label(struct builder *b, const char *path, const char *type, struct err *e)
{
	const char **argv = arena_array(&b->plan->arena, 5, sizeof *argv);
	const char *const words[] = { "/usr/bin/chcon", "-t", type, path };
	struct fact selinux;
	int r = facts_stat(b->facts, "/sys/fs/selinux/enforce", &selinux, e);

	if (r || !b->facts->live || selinux.kind == FACT_ABSENT)
		return r;
	memcpy(argv, words, sizeof words);
	want_exec(b, argv, LABEL_TIMEOUT_MS, "a program makes it");
	return 0;
}
