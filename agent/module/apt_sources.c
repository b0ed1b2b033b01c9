/* apt_sources.c - where apt's packages come from: mirrors, suites, further sources and their keys. */
#include "agent/module/apt.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"

#if defined(__x86_64__)
#define ARCH "amd64"
#elif defined(__aarch64__)
#define ARCH "arm64"
#elif defined(__i386__)
#define ARCH "i386"
#elif defined(__riscv)
#define ARCH "riscv64"
#elif defined(__powerpc64__)
#define ARCH "ppc64el"
#elif defined(__s390x__)
#define ARCH "s390x"
#else
#define ARCH "default"
#endif

static bool has_word(const struct node *list, const char *word)
{
	for (size_t i = 0; list && i < list->count; i++)
		if (node_is(list->items[i], word))
			return true;
	return false;
}

/* The entry for this guest's processor, else the one for "default". */
static const struct node *mirror_of(const struct node *apt, const char *key)
{
	const struct node *list = node_get(apt, key), *best = NULL;

	for (size_t i = 0; list && i < list->count; i++) {
		const struct node *arches = node_get(list->items[i], "arches");
		if (has_word(arches, ARCH))
			return list->items[i];
		if (!best && has_word(arches, "default"))
			best = list->items[i];
	}
	return best;
}

static const char *uri_of(const struct node *mirror)
{
	const struct node *search = node_get(mirror, "search");
	const char *uri = cloud_text(mirror, "uri", NULL);

	return uri ? uri : search && search->count ? node_str(search->items[0]) : NULL;
}

const char *const *apt_names(struct builder *b, const struct node *apt, const struct guest *g)
{
	bool ubuntu = guest_is(g, "ubuntu");
	const char *primary = uri_of(mirror_of(apt, "primary")), *security = uri_of(mirror_of(apt, "security"));
	const char *const own = ubuntu ? "http://archive.ubuntu.com/ubuntu" : "http://deb.debian.org/debian";

	/* One mirror for all is what naming one alone means, but at Debian, whose security updates are not on mirrors. */
	security = security ? security : !ubuntu ? "http://security.debian.org/debian-security" : primary ? primary :
		"http://security.ubuntu.com/ubuntu";
	primary = primary ? primary : own;
	const char *const pairs[] = { "MIRROR", primary, "PRIMARY", primary, "SECURITY", security, "RELEASE", g->codename, "mirror", primary,
		"primary", primary, "security", security, "codename", g->codename, "release", g->codename, NULL };
	return words_join(&b->plan->arena, pairs, NULL);
}

static const char *own_list(struct builder *b, const struct guest *g, bool deb822, const char *const *names)
{
	static const char *const debian[] = {
		"deb $MIRROR $RELEASE main\ndeb $MIRROR $RELEASE-updates main\ndeb $SECURITY $RELEASE-security main\n",
		"Types: deb\nURIs: $MIRROR\nSuites: $RELEASE $RELEASE-updates\nComponents: main\n"
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n\n"
		"Types: deb\nURIs: $SECURITY\nSuites: $RELEASE-security\nComponents: main\n"
		"Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n",
	}, *const ubuntu[] = {
		"deb $MIRROR $RELEASE main restricted universe multiverse\ndeb $MIRROR $RELEASE-updates main restricted universe multiverse\n"
		"deb $SECURITY $RELEASE-security main restricted universe multiverse\n",
		"Types: deb\nURIs: $MIRROR\nSuites: $RELEASE $RELEASE-updates\nComponents: main restricted universe multiverse\n"
		"Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n\n"
		"Types: deb\nURIs: $SECURITY\nSuites: $RELEASE-security\nComponents: main restricted universe multiverse\n"
		"Signed-By: /usr/share/keyrings/ubuntu-archive-keyring.gpg\n",
	};
	return fill_in(&b->plan->arena, (guest_is(g, "ubuntu") ? ubuntu : debian)[deb822], names);
}

/* "updates" is "bookworm-updates", "release" the release itself; any other word is a suite's name. */
static bool is_disabled(struct builder *b, const struct node *suites, const struct guest *g, const char *suite, size_t n)
{
	static const char *const short_names[] = { "updates", "backports", "security", "proposed" };
	const char *const names[] = { "RELEASE", g->codename, NULL };

	for (size_t i = 0; suites && i < suites->count; i++) {
		const char *word = fill_in(&b->plan->arena, node_str(suites->items[i]) ? node_str(suites->items[i]) : "", names);
		for (size_t k = 0; k < ARRAY_SIZE(short_names); k++)
			if (strcmp(word, short_names[k]) == 0)
				word = arena_printf(&b->plan->arena, "%s-%s", g->codename, word);
		if (strcmp(word, "release") == 0)
			word = g->codename;
		if (strlen(word) == n && strncmp(word, suite, n) == 0)
			return true;
	}
	return false;
}

/* The suite of "deb [options] URI SUITE …". */
static const char *line_suite(const char *line, size_t *n)
{
	if (strncmp(line, "deb", 3) != 0)
		return NULL;
	line += strncmp(line, "deb-src", 7) == 0 ? 7 : 3;
	if (*line != ' ' && *line != '\t')
		return NULL;
	line += strspn(line, " \t");
	if (*line == '[') {
		line += strcspn(line, "]\n");
		line += *line == ']' ? 1 + strspn(line + 1, " \t") : 0;
	}
	line += strcspn(line, " \t\n");
	line += strspn(line, " \t");
	*n = strcspn(line, " \t\n");
	return *n ? line : NULL;
}

static void without_words(struct builder *b, struct buf *out, const char *line, const struct node *suites, const struct guest *g)
{
	buf_str(out, "Suites:");
	for (const char *p = line + strlen("Suites:"); *p && *p != '\n';) {
		p += strspn(p, " \t");
		size_t n = strcspn(p, " \t\n");
		if (n && !is_disabled(b, suites, g, p, n))
			buf_printf(out, " %.*s", (int)n, p);
		p += n;
	}
	buf_str(out, "\n");
}

static int without_suites(struct builder *b, const struct node *suites, const struct guest *g, const char **text, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);

	for (const char *line = *text; *line;) {
		size_t n = strcspn(line, "\n"), m = 0;
		const char *suite = line_suite(line, &m);
		if (text_starts(line, "Suites:")) {
			without_words(b, &out, line, suites, g);
		} else {
			if (suite && is_disabled(b, suites, g, suite, m))
				buf_str(&out, "# suite disabled by natal: ");
			buf_printf(&out, "%.*s\n", (int)n, line);
		}
		line += n + (line[n] ? 1 : 0);
	}
	return take_text(b, &out, text, e);
}

int apt_sources_list(struct builder *b, const struct node *apt, const struct guest *g, struct err *e)
{
	const struct node *suites = node_get(apt, "disable_suites");
	const char *given = cloud_text(apt, "sources_list", NULL), *path = "/etc/apt/sources.list";
	const char *sources = arena_printf(&b->plan->arena, "/etc/apt/sources.list.d/%s.sources", g->id), *text;
	struct fact there;
	int r = facts_stat(b->facts, sources, &there, e);

	if (r || cloud_bool(apt, "preserve_sources_list", false) ||
	    (!given && !suites && !node_get(apt, "primary") && !node_get(apt, "security")))
		return r;
	if (!*g->codename)
		return err_set(e, ERR_NOT_FOUND, "apt: this guest's os-release(5) has no VERSION_CODENAME");
	const char *const *names = apt_names(b, apt, g);
	bool deb822 = given ? text_starts(given, "Types:") || strstr(given, "\nTypes:") : there.kind == FACT_FILE;
	text = given ? fill_in(&b->plan->arena, given, names) : own_list(b, g, deb822, names);
	if (suites && (r = without_suites(b, suites, g, &text, e)))
		return r;
	return want_text(b, deb822 ? sources : path, text, guest_mode(text), e);
}

/* A name that stays in its folder. */
static const char *file_name(struct builder *b, const char *name, const char *ending)
{
	const char *base = strrchr(name, '/');
	char *out = arena_text(&b->plan->arena, base && text_starts(name, "/etc/apt/sources.list.d/") ? base + 1 : name);

	for (char *p = out; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("._-", *p))
			*p = '_';
	size_t n = strlen(out), m = strlen(ending);
	bool has = n > m && strcmp(out + n - m, ending) == 0;
	return has ? out : arena_printf(&b->plan->arena, "%s%s", out, ending);
}

/* What add-apt-repository would be asked: a PPA and such. Its work is a conversation with a server whose keys nobody has signed. */
static bool is_ppa(const char *source)
{
	size_t n = 0;

	while (isalnum((unsigned char)source[n]) || source[n] == '_' || source[n] == '-')
		n++;
	return n && source[n] == ':' && (isalnum((unsigned char)source[n + 1]) || source[n + 1] == '_');
}

static int want_key(struct builder *b, const char *of, const struct node *map, const char **ret_path, struct err *e)
{
	const char *key = cloud_text(map, "key", NULL), *source = cloud_text(map, "source", NULL), *name;

	*ret_path = "";
	if (!key && cloud_text(map, "keyid", NULL)) {
		err_set(e, ERR_UNSUPPORTED, "apt: the key of '%.60s' is not fetched from a server by its number", of);
		err_hint(e, "write the key itself, in its armour, into key");
		return -(int)e->code;
	}
	if (!key)
		return 0;
	bool named = source && (strstr(source, "$KEY_FILE") || strstr(source, "${KEY_FILE}"));
	name = file_name(b, of, ".asc");
	*ret_path = arena_printf(&b->plan->arena, "/etc/apt/%s/%s", named ? "keyrings" : "trusted.gpg.d", name);
	const char *end = key[strlen(key) - 1] == '\n' ? "" : "\n";
	return want_text(b, *ret_path, arena_printf(&b->plan->arena, "%s%s", key, end), 0644, e);
}

/* What earlier sources of the same file have: files are written once. */
struct list_file { const char *path; bool append; struct buf text; };

/* The row behind the last has no path. */
static void list_files_fini(struct list_file **files)
{
	for (struct list_file *f = *files; f && f->path; f++)
		buf_fini(&f->text);
}

/* As whole lines: a source may be the beginning of another. */
static bool has_lines(const char *text, const char *lines)
{
	size_t n = strlen(lines);

	n -= n && lines[n - 1] == '\n';
	for (const char *at = text; n && (at = strstr(at, lines)); at++)
		if ((at == text || at[-1] == '\n') && (at[n] == '\n' || !at[n]))
			return true;
	return false;
}

static int add_line(struct builder *b, struct list_file *f, const char *line, struct err *e)
{
	const char *there = NULL;
	int r = f->append ? facts_text(b->facts, f->path, &there, e) : 0;

	if (r)
		return r;
	buf_str(&f->text, there ? there : "");
	f->append = false;              /* it is read once */
	if (f->text.size && has_lines(f->text.data, line))
		return 0;
	if (f->text.size && f->text.data[f->text.size - 1] != '\n')
		buf_str(&f->text, "\n");
	buf_str(&f->text, line);
	if (!*line || line[strlen(line) - 1] != '\n')
		buf_str(&f->text, "\n");
	return buf_check(&f->text, f->path, e);
}

static int one_source(struct builder *b, const struct member *m, const char *const *names, struct list_file *files, struct err *e)
{
	const char *source = cloud_text(m->value, "source", NULL), *key_path, *name;
	int r = want_key(b, m->key->text, m->value, &key_path, e);

	if (r || !source)
		return r;
	if (is_ppa(source)) {
		err_set(e, ERR_UNSUPPORTED, "apt.sources.%.60s: add-apt-repository is not run for '%.60s'", m->key->text, source);
		err_hint(e, "write the line of sources.list and the key");
		return -(int)e->code;
	}
	const char *const key_pair[] = { "KEY_FILE", key_path, NULL };
	const char *line = fill_in(&b->plan->arena, source, words_join(&b->plan->arena, names, key_pair));
	const char *ending = text_starts(line, "Types:") ? ".sources" : ".list";
	name = file_name(b, cloud_text(m->value, "filename", m->key->text), ending);
	const char *path = arena_printf(&b->plan->arena, "/etc/apt/sources.list.d/%s", name);
	while (files->path && strcmp(files->path, path) != 0)
		files++;
	if (!files->path)
		*files = (struct list_file){ path, cloud_bool(m->value, "append", true), BUF_MAX(SCRIPT_MAX) };
	return add_line(b, files, line, e);
}

int apt_sources(struct builder *b, const struct node *apt, const struct guest *g, struct err *e)
{
	const struct node *all = node_get(apt, "sources");
	const char *const *names = apt_names(b, apt, g);
	const char *ignored, *text;
	int r = 0;

	for (size_t i = 0; !r && i < 2; i++) {
		const char *key = i ? "security" : "primary";
		const struct node *mirror = mirror_of(apt, key);
		r = mirror ? want_key(b, key, mirror, &ignored, e) : 0;
	}
	if (r || !all)
		return r;
	scoped(list_files_fini) struct list_file *files = arena_array(&b->plan->arena, all->count + 1, sizeof *files);
	for (size_t i = 0; !r && i < all->count; i++)
		r = one_source(b, &all->members[i], names, files, e);
	for (struct list_file *f = files; !r && f->path; f++)
		if (!(r = take_text(b, &f->text, &text, e)))
			r = want_text(b, f->path, text, guest_mode(text), e);
	return r;
}
