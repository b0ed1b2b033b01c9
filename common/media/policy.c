/* policy.c - see trust.h; FORMAT.md "Policy". */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/media/bundle.h"
#include "common/media/field.h"

enum { CLOCK_BEHIND_MAX_S = 24 * 3600 };
static const uint64_t clock_ahead_max_s = UINT64_C(30) * 366 * 24 * 3600;

void policy_default(struct policy *p)
{
	*p = (struct policy){ .min_format = BUNDLE_FORMAT, .clock = CLOCK_REFUSE, .cloud_init_wait_s = CLOUD_INIT_WAIT_S, .command_wait_s = COMMAND_WAIT_S };
	for (int i = 1; i < SIG_ALGS; i++)
		p->alg_allowed[i] = true;
}

/* What stands in the JSON; the defaults of keys left out are filled in before. */
struct document {
	uint64_t min_format, built_at, cloud_init_wait_s, command_wait_s;
	char clock[16], changed[16], mode[16];
	struct json_object *algorithms, *require, *waive, *fetch, *birth;
};
static const struct json_field fields[] = {
	JSON_FIELD(struct document, min_format, JSON_UINT, false),
	JSON_FIELD(struct document, algorithms, JSON_ARRAY, false),
	JSON_FIELD(struct document, require, JSON_ARRAY, false),
	JSON_FIELD(struct document, clock, JSON_TEXT, false),
	JSON_FIELD(struct document, built_at, JSON_UINT, false),
	JSON_FIELD(struct document, changed, JSON_TEXT, false),
	JSON_FIELD(struct document, waive, JSON_OBJECT, false),
	JSON_FIELD(struct document, mode, JSON_TEXT, false),
	JSON_FIELD(struct document, cloud_init_wait_s, JSON_UINT, false),
	JSON_FIELD(struct document, command_wait_s, JSON_UINT, false),
	JSON_FIELD(struct document, fetch, JSON_OBJECT, false),
	JSON_FIELD(struct document, birth, JSON_OBJECT, false),
};

struct waive { struct json_object *sources, *refuse, *allow; };
static const struct json_field waive_fields[] = {
	JSON_FIELD(struct waive, sources, JSON_ARRAY, true), JSON_FIELD(struct waive, refuse, JSON_ARRAY, false),
	JSON_FIELD(struct waive, allow, JSON_ARRAY, false),
};
static const char *const waived_names[WAIVED_SOURCES + 1] = { "nocloud", "configdrive", "smbios", "fw_cfg", NULL };

const char *waived_name(enum waived w) { return waived_names[w]; }

bool waiver_words_have(const struct waiver_words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->at[i], word) == 0)
			return true;
	return false;
}

bool waiver_refuses(const struct waiver *w, const char *word)
{
	return waiver_words_have(&w->refuse, word) || (w->allows && !waiver_words_have(&w->allow, word));
}

static int read_words(struct json_object *array, const char *doc, const char *what, struct waiver_words *ret, struct err *e)
{
	return array ? field_texts(array, doc, what, &(struct field_rows){ ret->at[0], WAIVER_KEY_SIZE, WAIVER_REFUSE_MAX }, &ret->count, e) : 0;
}

static int read_waive(struct json_object *o, const char *doc, struct waiver *ret, struct err *e)
{
	char names[2 * WAIVED_SOURCES][32];
	struct waive w = { 0 };
	size_t n = 0;
	int r = json_decode(o, waive_fields, ARRAY_SIZE(waive_fields), doc, &w, e);

	if (r || (r = field_texts(w.sources, doc, "waive.sources", &(struct field_rows){ names[0], sizeof names[0], ARRAY_SIZE(names) }, &n, e)) ||
	    (r = read_words(w.refuse, doc, "waive.refuse", &ret->refuse, e)) || (r = read_words(w.allow, doc, "waive.allow", &ret->allow, e)))
		return r;
	ret->allows = w.allow;
	for (size_t i = 0; i < n; i++) {
		enum waived k = 0;
		while (k < WAIVED_SOURCES && strcmp(waived_names[k], names[i]) != 0)
			k++;
		if (k == WAIVED_SOURCES) {
			err_set(e, ERR_UNSUPPORTED, "%s: waive.sources: there is no source '%s'", doc, names[i]);
			err_suggest(e, names[i], waived_names, "nocloud, configdrive, smbios and fw_cfg are there");
			return -(int)e->code;
		}
		ret->of[k] = true;
	}
	return 0;
}

static int read_algorithms(struct json_object *array, const char *doc, struct policy *p, struct err *e)
{
	char names[SIG_ALGS][32];
	size_t n;
	int r = field_texts(array, doc, "algorithms", &(struct field_rows){ names[0], sizeof names[0], SIG_ALGS }, &n, e);

	if (r)
		return r;
	memset(p->alg_allowed, 0, sizeof p->alg_allowed);
	for (size_t i = 0; i < n; i++) {
		static const char *const words[] = { "ed25519", "ecdsa-p256-sha256", NULL };
		enum sig_alg alg = sig_alg_from_name(names[i]);
		if (!alg) {
			err_set(e, ERR_UNSUPPORTED, "%s: unknown algorithm '%s'", doc, names[i]);
			err_suggest(e, names[i], words, "known are ed25519 and ecdsa-p256-sha256");
			return -(int)e->code;
		}
		p->alg_allowed[alg] = true;
	}
	return n ? 0 : err_set(e, ERR_FORMAT, "%s: algorithms is empty: nothing could be accepted", doc);
}

static int read_require(struct json_object *array, const char *doc, struct policy *p, struct err *e)
{
	size_t n = json_object_array_length(array);

	if (n > TRUST_GROUPS_MAX)
		return err_set(e, ERR_LIMIT, "%s: require has %zu entries: %d at most", doc, n, TRUST_GROUPS_MAX);
	for (size_t i = 0; i < n; i++) {
		struct json_object *group = json_object_array_get_idx(array, i);
		if (!json_object_is_type(group, json_type_array))
			return err_set(e, ERR_FORMAT, "%s: require[%zu] is not an array of key ids", doc, i);
		const struct field_digest_rows rows = { p->groups[i].ids, TRUST_GROUP_KEYS_MAX };
		int r = field_digests(group, doc, "require", &rows, &p->groups[i].count, e);
		if (r)
			return r;
		if (p->groups[i].count == 0)
			return err_set(e, ERR_FORMAT, "%s: require[%zu] names no key: nothing could be accepted", doc, i);
	}
	p->group_count = n;
	return 0;
}

/* What cloud-init is handed is not parsed here, so that what a waiver refuses could not be found in it. */
static int read_mode(const struct document *d, const char *doc, struct policy *p, struct err *e)
{
	static const char *const words[] = { "provision", "delegate", NULL };

	p->mode = strcmp(d->mode, words[MODE_DELEGATE]) == 0 ? MODE_DELEGATE : MODE_PROVISION;
	p->cloud_init_wait_s = d->cloud_init_wait_s;
	p->command_wait_s = d->command_wait_s;
	if (strcmp(d->mode, words[p->mode]) != 0) {
		err_set(e, ERR_FORMAT, "%s: mode is '%s': provision or delegate are allowed", doc, d->mode);
		err_suggest(e, d->mode, words, NULL);
		return -(int)e->code;
	}
	if (!d->cloud_init_wait_s || d->cloud_init_wait_s > CLOUD_INIT_WAIT_MAX_S)
		return err_set(e, ERR_LIMIT, "%s: cloud_init_wait_s is %llu: 1 to %d seconds", doc, (unsigned long long)d->cloud_init_wait_s,
			CLOUD_INIT_WAIT_MAX_S);
	if (!d->command_wait_s || d->command_wait_s > COMMAND_WAIT_MAX_S)
		return err_set(e, ERR_LIMIT, "%s: command_wait_s is %llu: 1 to %d seconds", doc, (unsigned long long)d->command_wait_s, COMMAND_WAIT_MAX_S);
	if (p->mode == MODE_DELEGATE && d->birth) {
		err_set(e, ERR_UNSUPPORTED, "%s: mode is delegate, and birth has guests ask for their bundle: these do not go together", doc);
		err_hint(e, "cloud-init's units are judged before the network, when there is no bundle yet; take one of the two out");
		return -(int)e->code;
	}
	if (p->mode != MODE_DELEGATE || !d->waive)
		return 0;
	err_set(e, ERR_UNSUPPORTED, "%s: mode is delegate, and waive lets sources in that nobody signed: these do not go together", doc);
	err_hint(e, "what is handed to cloud-init is not parsed by natal, so that what waive refuses could not be found; take one of the two out");
	return -(int)e->code;
}

int policy_parse(const void *json, size_t size, const char *doc, struct policy *ret, struct err *e)
{
	struct document d = { .min_format = BUNDLE_FORMAT, .clock = "refuse", .changed = "apply", .mode = "provision",
		.cloud_init_wait_s = CLOUD_INIT_WAIT_S, .command_wait_s = COMMAND_WAIT_S };
	struct policy p;
	scoped_json struct json_object *o = NULL;
	int r;

	policy_default(&p);
	if ((r = json_parse(json, size, doc, &o, e)) || (r = json_decode(o, fields, ARRAY_SIZE(fields), doc, &d, e)) ||
	    (d.algorithms && (r = read_algorithms(d.algorithms, doc, &p, e))) || (d.require && (r = read_require(d.require, doc, &p, e))) ||
	    (d.waive && (r = read_waive(d.waive, doc, &p.waiver, e))) || (d.fetch && (r = fetch_policy_read(d.fetch, doc, &p.fetch, e))) ||
	    (d.birth && (r = birthplace_read(d.birth, doc, &p.birth, e))) ||
	    (r = read_mode(&d, doc, &p, e)))
		return r;
	if (strcmp(d.clock, "refuse") != 0 && strcmp(d.clock, "warn") != 0)
		return err_set(e, ERR_FORMAT, "%s: clock is '%s': refuse or warn are allowed", doc, d.clock);
	if (strcmp(d.changed, "apply") != 0 && strcmp(d.changed, "report") != 0)
		return err_set(e, ERR_FORMAT, "%s: changed is '%s': apply or report are allowed", doc, d.changed);
	p.report_changed = strcmp(d.changed, "report") == 0;
	p.clock = strcmp(d.clock, "warn") == 0 ? CLOCK_WARN : CLOCK_REFUSE;
	p.min_format = d.min_format;
	p.built_at = d.built_at;
	*ret = p;
	return 0;
}

int policy_clock(const struct policy *p, uint64_t rtc_unix_s, uint64_t *ret, char warning[160], struct err *e)
{
	const char *how = NULL;

	if (p->built_at > CLOCK_BEHIND_MAX_S && rtc_unix_s < p->built_at - CLOCK_BEHIND_MAX_S)
		how = "is more than a day before";
	else if (p->built_at && rtc_unix_s > p->built_at && rtc_unix_s - p->built_at > clock_ahead_max_s)
		how = "is more than 30 years after";
	if (how && p->clock == CLOCK_REFUSE) {
		err_set(e, ERR_UNTRUSTED, "the clock (%llu) %s the image's build time (%llu)", (unsigned long long)rtc_unix_s, how,
			(unsigned long long)p->built_at);
		err_hint(e, "set the machine's clock, or allow \"clock\": \"warn\" in the image's policy");
		return -(int)e->code;
	}
	warning[0] = 0;
	if (how)
		snprintf(warning, 160, "the clock (%llu) %s the image's build time (%llu)", (unsigned long long)rtc_unix_s, how,
			(unsigned long long)p->built_at);
	*ret = rtc_unix_s > p->built_at ? rtc_unix_s : p->built_at;
	return 0;
}
