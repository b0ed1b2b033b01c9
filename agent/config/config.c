/* config.c - see config.h */
#include "agent/config/config.h"

#include <string.h>

static const char *const names[] = { "fail", "degrade", "continue" };
const char *policy_kind_name(enum policy_kind p) { return names[p]; }

void config_free(struct config *c)
{
	if (!c)
		return;
	goal_doc_fini(&c->goal);
	arena_fini(&c->arena);
	free(c);
}

/* What this release cannot unseal or install, it does not silently leave out. */
static int check_blobs(const struct verified *v, struct err *e)
{
	static const char *const known[] = { BLOB_USER_DATA, BLOB_VENDOR_DATA, BLOB_NETWORK_CONFIG, BLOB_REPORT_KEY, BLOB_TLS_KEY, BLOB_TLS_CERT,
		BLOB_TLS_CHAIN, BLOB_GOAL };
	static const char *const waived[] = { BLOB_META_DATA, BLOB_NETWORK_DATA };

	for (size_t i = 0; i < v->manifest.blob_count; i++) {
		const struct blob *b = &v->manifest.blobs[i];
		bool found = strncmp(b->name, BLOB_SSH_PREFIX "ssh_host_", strlen(BLOB_SSH_PREFIX "ssh_host_")) == 0;
		for (size_t k = 0; k < ARRAY_SIZE(known); k++)
			found |= strcmp(b->name, known[k]) == 0;
		for (size_t k = 0; v->waived && k < ARRAY_SIZE(waived); k++)
			found |= strcmp(b->name, waived[k]) == 0;
		if (b->sealed)
			return err_set(e, ERR_UNSUPPORTED, "blob '%s' is sealed: this agent has nothing to unseal it with", b->name);
		if (!found)
			return err_set(e, ERR_UNSUPPORTED, "blob '%s' is of no kind that this agent knows", b->name);
	}
	return 0;
}

static int check_size(const struct verified *v, const char *name, struct err *e)
{
	const struct blob *b = verified_blob(v, name);

	return !b || b->size <= CONFIG_DOC_MAX ? 0 :
		err_set(e, ERR_LIMIT, "%s has %llu bytes: %d at most", name, (unsigned long long)b->size, CONFIG_DOC_MAX);
}

static int read_goal(struct config *c, struct err *e)
{
	const struct blob *b = verified_blob(c->verified, BLOB_GOAL);
	int r = b ? goal_doc_read(b->bytes, (size_t)b->size, &c->goal, e) : 0;

	c->has_goal = b && !r;
	return r;
}

int config_parse_with(const struct verified *v, const struct config_with *with, struct config **ret, struct err *e)
{
	scoped(config_free_p) struct config *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_nomem(e);
	c->verified = v;
	c->with = *with;
	c->notes.arena = &c->arena;
	if ((r = check_blobs(v, e)) || (r = read_goal(c, e)) || (r = config_cloud(c, e)) || (r = config_network(c, e)))
		return r;
	*ret = give(c);
	return 0;
}

int config_parse(const struct verified *v, struct config **ret, struct err *e) 
{
	return config_parse_with(v, &(struct config_with){ NULL, NULL }, ret, e);
}

int config_delegate(const struct verified *v, const struct machine *m, struct config **ret, struct err *e)
{
	static const char *const docs[] = { BLOB_USER_DATA, BLOB_VENDOR_DATA, BLOB_NETWORK_CONFIG };
	scoped(config_free_p) struct config *c = calloc(1, sizeof *c);
	int r;

	if (!c)
		return err_nomem(e);
	c->verified = v;
	c->delegated = true;
	c->with.machine = m;
	c->notes.arena = &c->arena;
	if ((r = check_blobs(v, e)) || (r = read_goal(c, e)))
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(docs); i++)
		if ((r = check_size(v, docs[i], e)))
			return r;
	c->cloud = node_new(&c->arena, NODE_MAP, (struct place){ .doc = BLOB_USER_DATA });
	config_ssh_defaults(c);
	c->instance_data = config_instance_data(c);
	*ret = give(c);
	return 0;
}
