/* cloud_init.c - where the image's policy delegates: the verified documents go to the installed cloud-init as a NoCloud seed, and nothing that
 * somebody else says gets there beside them. */
#include "agent/module/guest.h"

#include <string.h>
#include "common/base/text.h"
#include "common/data/json.h"

#define DISABLED "/etc/cloud/cloud-init.disabled"

/* fs_label null: NoCloud lays what it finds on a volume labelled cidata, which nobody signed, over its seed folder. The other two keep cloud-init from
 * natal's host keys: of the types that it is to make it makes those that are not there, and its schema wants one. packaging/bake/natal-bake has the same
 * text, with ed25519. */
static const char config[] =
	"# natal-agent: cloud-init gets what natal-agent has verified, and leaves the host keys alone.\n"
	"datasource_list: [ NoCloud ]\n"
	"datasource:\n"
	"  NoCloud:\n"
	"    fs_label: null\n"
	"ssh_deletekeys: false\n"
	"ssh_genkeytypes: [ %s ]\n";

/* Beginnings of words by which the firmware's serial number or the kernel's command line would lead cloud-init elsewhere, or tell it more. */
static const char *const leads[] = { "ds=", "ci.ds=", "ci.datasource=", "ci.dsname=", "cloud-config-url=", "url=", "network-config=", "ip=", NULL };
/* cloud-init looks for this one anywhere in the line. */
#define CONFIG_MARK "cc:"
static const struct { const char *path, *what; } sayers[] = {
	{ "/proc/cmdline", "the kernel's command line" }, { "/sys/class/dmi/id/product_serial", "the firmware's serial number" },
};

static const struct { const char *blob, *path; bool required; } documents[] = {
	{ BLOB_USER_DATA, CLOUD_INIT_SEED "/user-data", true }, { BLOB_VENDOR_DATA, CLOUD_INIT_SEED "/vendor-data", false },
	{ BLOB_NETWORK_CONFIG, CLOUD_INIT_SEED "/network-config", false },
};

static int is_installed(struct builder *b, struct err *e)
{
	struct fact program, disabled;
	const char *generator;
	int r = facts_stat(b->facts, CLOUD_INIT_PROGRAM, &program, e);

	if (r || (r = facts_stat(b->facts, DISABLED, &disabled, e)) || (r = facts_text(b->facts, CLOUD_INIT_DISABLED, &generator, e)))
		return r;
	/* As a link it is natal's own, of the package natal-cloud-init-compat. */
	if (program.kind != FACT_FILE) {
		err_set(e, ERR_UNSUPPORTED, "the image's policy says mode delegate, and cloud-init is not installed: there is no program " CLOUD_INIT_PROGRAM);
		err_hint(e, "natalctl image bake --mode delegate --extra cloud-init");
		return -(int)e->code;
	}
	if (generator && strcmp(generator, CLOUD_INIT_DISABLED_BY_US) != 0) {
		err_set(e, ERR_CONFLICT, "the image's policy says mode delegate, and cloud-init's generator has disabled it in this boot: " CLOUD_INIT_DISABLED);
		err_hint(e, "the kernel's command line says cloud-init=disabled, or datasource_list is another than natal-bake's: see /run/cloud-init/cloud-init-generator.log");
		return -(int)e->code;
	}
	if (disabled.kind == FACT_ABSENT)
		return 0;
	err_set(e, ERR_CONFLICT, "the image's policy says mode delegate, and " DISABLED " keeps cloud-init from running");
	err_hint(e, "remove it from the image");
	return -(int)e->code;
}

static int leads_elsewhere(const char *what, const char *word, struct err *e)
{
	err_set(e, ERR_UNTRUSTED, "%s says '%s…', which cloud-init would follow: nobody signed it", what, word);
	err_hint(e, "take it out, or do without mode delegate: cloud-init would put it before what was verified");
	return -(int)e->code;
}

static int nothing_else_leads(struct builder *b, struct err *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(sayers); i++) {
		const char *text;
		int r = facts_text(b->facts, sayers[i].path, &text, e);
		if (r)
			return r;
		if (text && strstr(text, CONFIG_MARK))
			return leads_elsewhere(sayers[i].what, CONFIG_MARK, e);
		for (const char *word = text; word && *word; word += strcspn(word, " \t\n"), word += strspn(word, " \t\n"))
			for (const char *const *lead = leads; *lead; lead++)
				if (text_starts(word, *lead))
					return leads_elsewhere(sayers[i].what, *lead, e);
	}
	return 0;
}

static int secret_file(struct builder *b, const char *path, const void *bytes, size_t size, struct err *e)
{
	return want_file(b, &(struct want_file){ path, bytes, size, 0600, 0, 0, true, false }, e);
}

static int meta_data(struct builder *b, struct err *e)
{
	const struct manifest *m = &b->config->verified->manifest;
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "instance-id", m->vm.instance_id);
	json_put(o, "local-hostname", m->vm.name);
	const char *text = arena_printf(&b->plan->arena, "%s\n", json_line(o));
	return secret_file(b, CLOUD_INIT_SEED "/meta-data", text, strlen(text), e);
}

/* A type of host key that this guest has, whatever cloud-init does. */
static const char *host_key_type(const struct builder *b)
{
	static const char *const types[] = { "ed25519", "ecdsa", "rsa" };

	for (size_t i = 0; i < ARRAY_SIZE(types); i++)
		if (verified_blob(b->config->verified, arena_printf(&b->plan->arena, BLOB_SSH_PREFIX "ssh_host_%s_key", types[i])))
			return types[i];
	return types[0];
}

static int hand_over(struct builder *b, struct err *e)
{
	int r;

	if ((r = is_installed(b, e)) || (r = nothing_else_leads(b, e)) || (r = want_dir(b, CLOUD_INIT_SEED, 0700, 0, 0, e)))
		return r;
	/* What an earlier instance was handed is not of this one. */
	for (size_t i = 0; !r && i < ARRAY_SIZE(documents); i++) {
		const struct blob *d = verified_blob(b->config->verified, documents[i].blob);
		r = d || documents[i].required ? secret_file(b, documents[i].path, d ? (const void *)d->bytes : "", d ? (size_t)d->size : 0, e) :
			want_absent(b, documents[i].path, e);
	}
	if (r || (r = meta_data(b, e)))
		return r;
	return want_text(b, CLOUD_INIT_CONFIG, arena_printf(&b->plan->arena, config, host_key_type(b)), 0644, e);
}

int module_cloud_init(struct builder *b, struct err *e)
{
	if (!b->config->delegated)
		return 0;
	want_item(b, "");
	return hand_over(b, e) ? want_failed(b, e) : 0;
}
