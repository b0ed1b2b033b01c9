/* userdata_verb.c - natal-agent userdata merge|parts|template|users|keys: what user-data comes to, without a machine that it is for. */
#include <stdio.h>
#include <string.h>
#include "agent/verb.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/yaml.h"
#include "common/userdata/gather.h"
#include "common/userdata/merge.h"
#include "common/userdata/mime.h"
#include "common/userdata/sshline.h"
#include "common/userdata/template.h"
#include "common/userdata/unpack.h"
#include "common/userdata/users.h"

enum { OUT_MAX = 256 << 20, INDENT = 2 };

/* A file, or "-" for stdin; in the arena. The maximum is a format's, and nothing larger is read. */
static int read_input(struct arena *a, const char *path, const void **ret, size_t *ret_size, struct err *e)
{
	scoped_buf struct buf b = BUF_MAX(USERDATA_SIZE_MAX);
	struct stat st;
	int r;

	if (stat(path, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > USERDATA_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s has %lld bytes: %d at most", path, (long long)st.st_size, USERDATA_SIZE_MAX);
	if ((r = file_read_input(path, &b, e)))
		return r;
	*ret = arena_copy(a, b.data ? b.data : "", b.size);
	*ret_size = b.size;
	return 0;
}

static int print_node(const struct node *n, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);

	node_json(n, INDENT, &out);
	buf_str(&out, "\n");
	int r = buf_check(&out, "the JSON", e);
	if (!r && (fwrite(out.data, 1, out.size, stdout) != out.size || fflush(stdout)))
		return err_sys(e, "write");
	return r;
}

static int read_vars(struct arena *a, const char *path, struct node **ret, struct err *e)
{
	const void *bytes;
	size_t size;
	int r;

	*ret = NULL;
	if (!path)
		return 0;
	if ((r = read_input(a, path, &bytes, &size, e)) || (r = yaml_read(a, path, bytes, size, NULL, ret, e)))
		return r;
	return (*ret)->kind == NODE_MAP || (*ret)->kind == NODE_NULL ? 0 : node_fail(*ret, ERR_FORMAT, e, "variables are a map, not %s",
		node_kind_name((*ret)->kind));
}

/* A map without any header, nor one that is meant for one: a config by itself, as the files of /etc/cloud/cloud.cfg.d are. */
static bool is_bare(struct arena *a, const char *path, const void *bytes, size_t size, struct node **ret)
{
	struct err unused = ERR_NONE;

	part_suggest(bytes, size, &unused);
	if (part_has_mark(bytes, size))
		return false;
	if (text_starts(unused.hint, "did you mean"))
		return false;
	return part_sniff(bytes, size) == PART_UNKNOWN && !packing_of(bytes, size) && !mime_is(bytes, size) &&
		!yaml_read(a, path, bytes, size, NULL, ret, &unused) && ((*ret)->kind == NODE_MAP || (*ret)->kind == NODE_NULL);
}

static int merge_bare(struct gather *g, struct node *config, struct err *e)
{
	struct mergers how = { .copied = &g->copied };
	struct arena *a = g->in->arena;
	int r;

	if (!g->config)
		g->config = node_new(a, NODE_MAP, (struct place){ 0 });
	if (config->kind != NODE_MAP)
		return 0;
	if ((r = mergers_take(a, &config, &how, g->in->notes, e)) ||
	    (!how.count && (r = mergers_parse(g->how ? g->how : MERGE_CONFIGS, NULL, &how, NULL, e))))
		return r;
	return merge(a, &how, &g->config, config, e);
}

static int merge_file(struct gather *g, const char *path, struct err *e)
{
	const void *bytes;
	struct node *config;
	size_t size;
	int r = read_input(g->in->arena, path, &bytes, &size, e);

	if (r)
		return r;
	if (!is_bare(g->in->arena, path, bytes, size, &config))
		return gather_parts(g, path, bytes, size, e);
	err_hint(note_add(g->in->notes, NOTE_WARNING, ERR_FORMAT, NULL, "%s has no header: it is taken for a config by itself", path),
		"as user-data, its first line has to be #cloud-config");
	return merge_bare(g, config, e);
}

int verb_userdata_merge(struct run *run, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	struct node *vars = NULL;
	struct mergers check = { 0 };
	int r = read_vars(&a, run->vars, &vars, e);
	struct userdata_in in = { .arena = &a, .vars = vars, .launch_index = -1, .notes = &notes };
	struct gather g = { .in = &in, .how = run->how };

	if (r || (run->how && (r = mergers_parse(run->how, NULL, &check, &notes, e))))
		return r;
	for (size_t i = 0; !r && i < run->arg_count; i++)
		r = merge_file(&g, run->args[run->reverse ? run->arg_count - 1 - i : i], e);
	notes_print(&notes);
	return r ? r : print_node(g.config, e);
}

int verb_userdata_parts(struct run *run, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct notes notes = { .arena = &a };
	struct parts parts = { 0 };
	const void *bytes;
	size_t size;
	int r = read_input(&a, run->args[0], &bytes, &size, e);

	if (r)
		return r;
	r = parts_read(&(struct parts_in){ &a, run->args[0], bytes, size, NULL, &notes }, &parts, e);
	notes_print(&notes);
	return r ? r : print_node(parts_show(&a, &parts), e);
}

int verb_userdata_template(struct run *run, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct node *vars = NULL;
	const void *bytes;
	const char *text;
	size_t size;
	int r = read_vars(&a, run->vars, &vars, e);

	if (r || (r = read_input(&a, run->args[0], &bytes, &size, e)))
		return r;
	/* Instance data gets the names that user-data would see; other variables are as they are. */
	struct node *v1 = node_get(vars, "v1");
	if (v1 && v1->kind == NODE_MAP)
		vars = template_vars(&a, vars);
	if ((r = template_render(&(struct template_in){ &a, run->args[0], bytes, size, vars }, &text, &size, e)))
		return r;
	return fwrite(text, 1, size, stdout) == size && fflush(stdout) == 0 ? 0 : err_sys(e, "write");
}

/* [{name: fields}, {group: members}] */
int verb_userdata_users(struct run *run, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct node *config, *image = NULL, *both;
	struct users all;
	const void *bytes;
	size_t size;
	int r = read_input(&a, run->args[0], &bytes, &size, e);

	if (r || (r = yaml_read(&a, run->args[0], bytes, size, NULL, &config, e)) ||
	    (run->default_user && ((r = read_input(&a, run->default_user, &bytes, &size, e)) ||
	    (r = yaml_read(&a, run->default_user, bytes, size, NULL, &image, e)))) || (r = users_normalize(&a, config, image, &all, e)))
		return r;
	both = node_new(&a, NODE_LIST, config->place);
	node_add(&a, both, all.users);
	node_add(&a, both, all.groups);
	return print_node(both, e);
}

static struct node *text_or_null(struct arena *a, const char *text, struct place place)
{
	return text ? node_text(a, text, place) : node_new(a, NODE_NULL, place);
}

/* The lines of a list: [[type, blob, comment, options]]; with --add, the file of that name with them in it. */
int verb_userdata_keys(struct run *run, struct err *e)
{
	scoped(arena_fini) struct arena a = { 0 };
	struct node *list, *out;
	const void *bytes;
	size_t size;
	int r = read_input(&a, run->args[0], &bytes, &size, e);

	if (r || (r = yaml_read(&a, run->args[0], bytes, size, NULL, &list, e)))
		return r;
	if (list->kind != NODE_LIST)
		return node_fail(list, ERR_FORMAT, e, "a list of lines is wanted, and this is %s", node_kind_name(list->kind));
	struct sshline *lines = arena_array(&a, list->count + 1, sizeof *lines);
	out = node_new(&a, NODE_LIST, list->place);
	for (size_t i = 0; i < list->count; i++) {
		const char *line = node_str(list->items[i]);
		if (!line)
			return node_fail(list->items[i], ERR_FORMAT, e, "a line is a text");
		lines[i] = sshline_parse(&a, line, run->ssh_options);
		struct node *one = node_new(&a, NODE_LIST, list->items[i]->place);
		const char *const words[] = { lines[i].type, lines[i].blob, lines[i].comment, lines[i].type ? lines[i].options : NULL };
		for (size_t k = 0; k < ARRAY_SIZE(words); k++)
			node_add(&a, one, text_or_null(&a, words[k], one->place));
		node_add(&a, out, one);
	}
	if (!run->add)
		return print_node(out, e);
	if ((r = read_input(&a, run->add, &bytes, &size, e)))
		return r;
	fputs(sshline_update(&a, bytes, lines, list->count), stdout);
	return fflush(stdout) ? err_sys(e, "write") : 0;
}
