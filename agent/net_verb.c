/* net_verb.c - `net render`: a file of network configuration as the files of a network service, below a folder; or shown as it was understood. */
#include "agent/verb.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "agent/networks.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/yaml.h"

enum { INPUT_MAX = 1 << 20, OUT_MAX = 64 << 20 };

static const struct kind_row { const char *name; enum netconf_kind kind; } kinds[] = {
	{ "v1", NETCONF_V1 }, { "v2", NETCONF_V2 }, { "openstack", NETCONF_OPENSTACK },
};

static int read_yaml(struct arena *a, const char *path, struct notes *notes, struct node **ret, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(INPUT_MAX);
	int r = file_read_input(path, &text, e);

	return r ? r : yaml_read(a, arena_text(a, path), text.data ? text.data : "", text.size, notes, ret, e);
}

static void add_nic(struct arena *a, struct netconf_host *h, const char *mac, const char *name)
{
	struct netconf_nic *nics = arena_grow(a, (void *)h->nics, h->count, sizeof *nics);

	nics[h->count++] = (struct netconf_nic){ mac, name };
	h->nics = nics;
}

static int macs_of_file(struct arena *a, const char *path, struct netconf_host *h, struct err *e)
{
	struct node *map;
	int r = read_yaml(a, path, NULL, &map, e);

	if (r || map->kind != NODE_MAP)
		return r ? r : node_fail(map, ERR_FORMAT, e, "a map of MAC addresses to names is wanted");
	for (size_t i = 0; i < map->count; i++) {
		const char *mac = node_str(map->members[i].key), *name = node_str(map->members[i].value);
		if (!mac || !name)
			return node_fail(map->members[i].key, ERR_FORMAT, e, "a MAC address and a name are wanted");
		add_nic(a, h, mac, name);
	}
	return 0;
}

static int write_files(int root, const struct net_files *files, struct err *e)
{
	for (size_t i = 0; i < files->count; i++) {
		const struct net_file *f = &files->at[i];
		char folder[512];
		int r = text_copy(folder, sizeof folder, f->path, "the path", e);
		if (r)
			return r;
		*strrchr(folder, '/') = 0;
		if ((r = file_mkdirs(root, folder, 0755, e)) ||
		    (r = file_write(root, f->path, f->bytes, f->size, f->mode, (uid_t)-1, (gid_t)-1, e)))
			return r;
		printf("%s\n", f->path);
	}
	return 0;
}

static int show(const struct node *n, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(OUT_MAX);

	node_json(n, 2, &out);
	int r = buf_check(&out, "the network configuration", e);
	if (!r)
		puts(out.data);
	return r;
}

static int unknown_word(const char *what, const char *given, const char *const *words, struct err *e)
{
	err_set(e, ERR_USAGE, "unknown %s '%.40s'", what, given);
	err_suggest(e, given, words, NULL);
	if (!*e->hint)
		for (size_t i = 0, n = 0; words[i] && n < sizeof e->hint; i++)
			n += (size_t)snprintf(e->hint + n, sizeof e->hint - n, "%s%s", i ? ", " : "", words[i]);
	return -(int)ERR_USAGE;
}

static int find_kind(const struct run *run, const struct node *root, enum netconf_kind *kind, const struct node **inner, struct err *e)
{
	const char *words[ARRAY_SIZE(kinds) + 1] = { 0 };

	if (!run->kind)
		return netconf_kind(root, kind, inner, e);
	*inner = node_get(root, "network") ? node_get(root, "network") : root;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		words[i] = kinds[i].name;
		if (strcmp(kinds[i].name, run->kind) != 0)
			continue;
		*kind = kinds[i].kind;
		return *kind == NETCONF_OPENSTACK ? 0 : netconf_kind(root, kind, inner, e);
	}
	return unknown_word("kind", run->kind, words, e);
}

/* What `--to` names: a renderer, or NULL for the two that are shown. */
static int find_to(const struct run *run, const struct net_renderer **ret, struct err *e)
{
	const char **words;
	struct arena a __attribute__((cleanup(arena_fini))) = { 0 };

	if (!run->to)
		return err_set(e, ERR_USAGE, "net render wants --to");
	*ret = net_renderer_find(run->to);
	if (*ret && !run->options.root)
		return err_set(e, ERR_USAGE, "net render wants --root: the folder for the files");
	if (*ret || strcmp(run->to, "state") == 0 || strcmp(run->to, "v1") == 0)
		return 0;
	words = arena_array(&a, net_renderer_count + 3, sizeof *words);
	for (size_t i = 0; i < net_renderer_count; i++)
		words[i] = net_renderers[i].name;
	words[net_renderer_count] = "state";
	words[net_renderer_count + 1] = "v1";
	return unknown_word("network service", run->to, words, e);
}

struct render { struct arena arena; struct notes notes; int root; struct networks guest; enum netconf_kind kind; const struct node *from; };

static void render_fini(struct render *r)
{
	if (r->root >= 0)
		close(r->root);
	arena_fini(&r->arena);
}

static int read_inputs(struct render *r, const struct run *run, struct err *e)
{
	struct node *root;
	int fail = read_yaml(&r->arena, run->args[0], &r->notes, &root, e);

	if (fail || (fail = find_kind(run, root, &r->kind, &r->from, e)))
		return fail;
	if ((fail = networks_look(&(struct facts){ .root = r->root, .arena = &r->arena }, &r->guest, e)) || !run->macs)
		return fail;
	r->guest.host = (struct netconf_host){ 0 };
	return macs_of_file(&r->arena, run->macs, &r->guest.host, e);
}

static int render_files(struct render *r, const struct net_renderer *with, const struct netconf *c, struct err *e)
{
	struct net_files files = { 0 };

	/* One file for all that ifupdown is told. */
	r->guest.target.interfaces_path = NULL;
	int fail = net_render(&r->arena, with, c, &r->guest.target, &r->notes, &files, e);
	return fail ? fail : write_files(r->root, &files, e);
}

static int show_v1(struct render *r, struct err *e)
{
	struct node *v1;

	if (r->kind != NETCONF_OPENSTACK)
		return err_set(e, ERR_UNSUPPORTED, "--to v1 is for OpenStack's network_data.json");
	int fail = netconf_openstack_v1(&r->arena, r->from, &r->guest.host, &r->notes, &v1, e);
	return fail ? fail : show(v1, e);
}

static int render(struct render *r, const struct run *run, const struct net_renderer *with, struct err *e)
{
	struct netconf *c = NULL;
	int fail = read_inputs(r, run, e);

	if (fail || strcmp(run->to, "v1") == 0)
		return fail ? fail : show_v1(r, e);
	if ((fail = netconf_read(&r->arena, r->kind, r->from, &r->guest.host, &r->notes, &c, e)))
		return fail;
	return with ? render_files(r, with, c, e) : show(netconf_state(&r->arena, c), e);
}

int verb_net_render(struct run *run, struct err *e)
{
	struct render r __attribute__((cleanup(render_fini))) = { .root = -1 };
	const struct net_renderer *with = NULL;
	const char *root = run->options.root ? run->options.root : "/";
	int fail = find_to(run, &with, e);

	if (fail)
		return fail;
	if (with && mkdir(root, 0755) != 0 && errno != EEXIST)
		return err_sys(e, "make %s", root);
	if ((r.root = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
		return err_sys(e, "open %s", root);
	r.notes.arena = &r.arena;
	fail = render(&r, run, with, e);
	notes_print(&r.notes);
	return fail;
}
