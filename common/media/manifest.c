/* manifest.c - see manifest.h */
#include "common/media/manifest.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/media/field.h"

static const char doc[] = "manifest";

/* The levels of the document; what is not a scalar is still JSON. */
struct top {
	uint64_t format, epoch, sequence, issued_at, not_before, not_after;
	char bundle_id[64], project[64];
	uint8_t nonce[BUNDLE_NONCE_SIZE];
	struct json_object *controller, *vm, *blobs;
};
static const struct json_field top_fields[] = {
	JSON_FIELD(struct top, format, JSON_UINT, true), JSON_FIELD(struct top, bundle_id, JSON_TEXT, true),
	JSON_FIELD(struct top, project, JSON_TEXT, true), JSON_FIELD(struct top, epoch, JSON_UINT, false), JSON_FIELD(struct top, sequence, JSON_UINT, true),
	JSON_FIELD(struct top, issued_at, JSON_UINT, true), JSON_FIELD(struct top, not_before, JSON_UINT, true),
	JSON_FIELD(struct top, not_after, JSON_UINT, true), JSON_FIELD(struct top, controller, JSON_OBJECT, true),
	JSON_FIELD(struct top, vm, JSON_OBJECT, true), JSON_FIELD(struct top, blobs, JSON_ARRAY, true),
	JSON_FIELD(struct top, nonce, JSON_HEX, false),
};

struct controller { char id[64]; struct json_object *names, *spki_pins; };
static const struct json_field controller_fields[] = {
	JSON_FIELD(struct controller, id, JSON_TEXT, true), JSON_FIELD(struct controller, names, JSON_ARRAY, true),
	JSON_FIELD(struct controller, spki_pins, JSON_ARRAY, true),
};

struct vm { char id[64], name[64], uuid[37], instance_id[64], ek_sha256[FIELD_DIGEST_SIZE]; };
static const struct json_field vm_fields[] = {
	JSON_FIELD(struct vm, id, JSON_TEXT, true), JSON_FIELD(struct vm, name, JSON_TEXT, true),
	JSON_FIELD(struct vm, uuid, JSON_TEXT, true), JSON_FIELD(struct vm, instance_id, JSON_TEXT, true),
	JSON_FIELD(struct vm, ek_sha256, JSON_TEXT, true),
};

struct row { char name[BUNDLE_BLOB_NAME_MAX], mode[5], owner[33]; uint64_t size; uint8_t sha256[SHA256_SIZE]; bool sealed; };
static const struct json_field row_fields[] = {
	JSON_FIELD(struct row, name, JSON_TEXT, true), JSON_FIELD(struct row, size, JSON_UINT, true),
	JSON_FIELD(struct row, sha256, JSON_HEX, true), JSON_FIELD(struct row, sealed, JSON_BOOL, true),
	JSON_FIELD(struct row, mode, JSON_TEXT, true), JSON_FIELD(struct row, owner, JSON_TEXT, true),
};

void manifest_fini(struct manifest *m)
{
	free(m->blobs);
	m->blobs = NULL;
	m->blob_count = 0;
}

/* [a-z0-9._/-]{1,127}, no empty, "." or ".." component. */
static bool blob_name_good(const char *name)
{
	for (const char *part = name;;) {
		size_t n = strspn(part, "abcdefghijklmnopqrstuvwxyz0123456789._-");
		if (n == 0 || (part[0] == '.' && (n == 1 || (n == 2 && part[1] == '.'))))
			return false;
		if (part[n] == 0)
			return true;
		if (part[n] != '/')
			return false;
		part += n + 1;
	}
}

static bool owner_good(const char *owner)
{
	return *owner && strspn(owner, "abcdefghijklmnopqrstuvwxyz0123456789_-") == strlen(owner) && !strchr("0123456789-", *owner);
}

static int parse_blob(struct json_object *o, size_t i, struct blob *ret, struct err *e)
{
	char where[40];
	struct row row;

	snprintf(where, sizeof where, "%s: blobs[%zu]", doc, i);
	int r = json_decode(o, row_fields, ARRAY_SIZE(row_fields), where, &row, e);
	if (r)
		return r;
	if (!blob_name_good(row.name))
		return err_set(e, ERR_FORMAT, "%s.name '%.127s' is no blob name", where, row.name);
	if (strlen(row.mode) != 4 || row.mode[0] != '0' || strspn(row.mode, "01234567") != 4)
		return err_set(e, ERR_FORMAT, "%s.mode is '%s': four octal digits from 0000 to 0777 are wanted", where, row.mode);
	if (!owner_good(row.owner))
		return err_set(e, ERR_FORMAT, "%s.owner '%s' is no user name", where, row.owner);
	if (row.size > ENVELOPE_SIZE_MAX)
		return err_set(e, ERR_LIMIT, "%s.size is %llu: %d at most", where, (unsigned long long)row.size, ENVELOPE_SIZE_MAX);
	*ret = (struct blob){ .size = row.size, .sealed = row.sealed };
	ret->mode = (uint32_t)((row.mode[1] - '0') << 6 | (row.mode[2] - '0') << 3 | (row.mode[3] - '0'));
	memcpy(ret->name, row.name, sizeof ret->name);
	memcpy(ret->owner, row.owner, sizeof ret->owner);
	memcpy(ret->sha256, row.sha256, sizeof ret->sha256);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(const struct blob *const *)a)->name, (*(const struct blob *const *)b)->name);
}

static int names_unique(const struct manifest *m, struct err *e)
{
	scoped_free const struct blob **sorted = calloc(m->blob_count + 1, sizeof *sorted);

	if (!sorted)
		return err_nomem(e);
	for (size_t i = 0; i < m->blob_count; i++)
		sorted[i] = &m->blobs[i];
	qsort(sorted, m->blob_count, sizeof *sorted, by_name);
	for (size_t i = 1; i < m->blob_count; i++)
		if (strcmp(sorted[i - 1]->name, sorted[i]->name) == 0)
			return err_set(e, ERR_FORMAT, "%s: blob '%s' stands twice", doc, sorted[i]->name);
	return 0;
}

static int parse_blobs(struct json_object *array, struct manifest *m, struct err *e)
{
	size_t n = json_object_array_length(array);

	if (n > BUNDLE_BLOBS_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu blobs: %d at most", doc, n, BUNDLE_BLOBS_MAX);
	m->blobs = calloc(n + 1, sizeof *m->blobs);
	if (!m->blobs)
		return err_nomem(e);
	for (; m->blob_count < n; m->blob_count++) {
		int r = parse_blob(json_object_array_get_idx(array, m->blob_count), m->blob_count, &m->blobs[m->blob_count], e);
		if (r)
			return r;
	}
	return names_unique(m, e);
}

static int parse_controller(struct json_object *o, struct manifest *m, struct err *e)
{
	struct controller c;
	const struct field_rows names = { m->controller.names[0], sizeof m->controller.names[0], BUNDLE_NAMES_MAX };
	const struct field_digest_rows pins = { m->controller.spki_pins, BUNDLE_PINS_MAX };
	int r;

	if ((r = json_decode(o, controller_fields, ARRAY_SIZE(controller_fields), "manifest: controller", &c, e)) ||
	    (r = field_id(c.id, doc, "controller.id", e)) ||
	    (r = field_texts(c.names, doc, "controller.names", &names, &m->controller.name_count, e)) ||
	    (r = field_digests(c.spki_pins, doc, "controller.spki_pins", &pins, &m->controller.pin_count, e)))
		return r;
	for (size_t i = 0; i < m->controller.name_count; i++)
		if ((r = field_host(m->controller.names[i], doc, "controller.names", e)))
			return r;
	return text_copy(m->controller.id, sizeof m->controller.id, c.id, "controller.id", e);
}

static int parse_vm(struct json_object *o, struct manifest *m, struct err *e)
{
	struct vm vm;
	bool has_ek;
	int r;

	if ((r = json_decode(o, vm_fields, ARRAY_SIZE(vm_fields), "manifest: vm", &vm, e)) || (r = field_id(vm.id, doc, "vm.id", e)) ||
		(r = field_id(vm.name, doc, "vm.name", e)) || (r = field_id(vm.instance_id, doc, "vm.instance_id", e)) ||
		(r = field_uuid(vm.uuid, doc, "vm.uuid", e)) ||
		(r = field_digest(vm.ek_sha256, doc, "vm.ek_sha256", &has_ek, m->vm.ek_sha256, e)))
		return r;
	memcpy(m->vm.id, vm.id, sizeof m->vm.id);
	memcpy(m->vm.name, vm.name, sizeof m->vm.name);
	memcpy(m->vm.instance_id, vm.instance_id, sizeof m->vm.instance_id);
	memcpy(m->vm.uuid, vm.uuid, sizeof m->vm.uuid);
	return 0;
}

static int parse_top(struct json_object *o, struct manifest *m, struct top *ret, struct err *e)
{
	struct top t = { 0 };
	int r;

	if ((r = json_decode(o, top_fields, ARRAY_SIZE(top_fields), doc, &t, e)) || (r = field_id(t.bundle_id, doc, "bundle_id", e)) ||
	    (r = field_id(t.project, doc, "project", e)))
		return r;
	if (t.sequence == 0)
		return err_set(e, ERR_FORMAT, "%s: sequence is 0: the first is 1", doc);
	if (t.not_after < t.not_before)
		return err_set(e, ERR_FORMAT, "%s: not_after (%llu) is before not_before (%llu)", doc, (unsigned long long)t.not_after,
			(unsigned long long)t.not_before);
	m->format = t.format;
	m->epoch = t.epoch;
	m->sequence = t.sequence;
	m->issued_at = t.issued_at;
	m->not_before = t.not_before;
	m->not_after = t.not_after;
	memcpy(m->nonce, t.nonce, sizeof m->nonce);
	memcpy(m->bundle_id, t.bundle_id, sizeof m->bundle_id);
	memcpy(m->project, t.project, sizeof m->project);
	*ret = t;
	return 0;
}

static int decode(struct json_object *o, uint64_t min_format, struct manifest *ret, struct err *e)
{
	scoped(manifest_fini) struct manifest m = { 0 };
	struct top t;
	int r;

	/* Before the table: a newer format has keys that it does not know. */
	uint64_t format = json_object_is_type(o, json_type_object) ? json_uint(o, "format", 0) : 0;
	if (format > BUNDLE_FORMAT)
		return err_set(
			e, ERR_UNSUPPORTED, "%s: format %llu: this program reads up to %d", doc, (unsigned long long)format, BUNDLE_FORMAT);
	if (format < BUNDLE_FORMAT)
		return err_set(e, ERR_FORMAT, "%s: has no format of 1 or more", doc);
	if (format < min_format)
		return err_set(e, ERR_DENIED, "%s: format %llu: the image's policy wants %llu or later", doc, (unsigned long long)format,
			(unsigned long long)min_format);
	if ((r = parse_top(o, &m, &t, e)) || (r = parse_controller(t.controller, &m, e)) || (r = parse_vm(t.vm, &m, e)) ||
	    (r = parse_blobs(t.blobs, &m, e)))
		return r;
	*ret = m;
	m.blobs = NULL;
	return 0;
}

int manifest_parse(const void *json, size_t size, uint64_t min_format, struct manifest *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = json_parse(json, size, doc, &o, e);

	return r ? r : decode(o, min_format, ret, e);
}

static struct json_object *texts(const char *at, size_t width, size_t n)
{
	struct json_object *a = json_object_new_array();

	for (size_t i = 0; i < n; i++)
		json_object_array_add(a, json_object_new_string(at + i * width));
	return a;
}

static struct json_object *digests(const uint8_t (*at)[SHA256_SIZE], size_t n)
{
	struct json_object *a = json_object_new_array();
	char hex[FIELD_DIGEST_SIZE];

	for (size_t i = 0; i < n; i++) {
		hex_encode(at[i], SHA256_SIZE, hex);
		json_object_array_add(a, json_object_new_string(hex));
	}
	return a;
}

static struct json_object *blob_json(const struct blob *b)
{
	struct json_object *o = json_object_new_object();
	char mode[16];

	snprintf(mode, sizeof mode, "%04o", b->mode);
	json_put(o, "name", b->name);
	json_put_uint(o, "size", b->size);
	json_put_hex(o, "sha256", b->sha256, SHA256_SIZE);
	json_put_bool(o, "sealed", b->sealed);
	json_put(o, "mode", mode);
	json_put(o, "owner", b->owner);
	return o;
}

static struct json_object *manifest_json(const struct manifest *m)
{
	static const uint8_t none[SHA256_SIZE];
	struct json_object *o = json_object_new_object(), *controller = json_object_new_object(), *vm = json_object_new_object(),
		*blobs = json_object_new_array();

	json_put_uint(o, "format", m->format);
	json_put(o, "bundle_id", m->bundle_id);
	json_put(o, "project", m->project);
	if (m->epoch)                   /* left out, so that agents from before it read what is of the first one */
		json_put_uint(o, "epoch", m->epoch);
	json_put_uint(o, "sequence", m->sequence);
	json_put_uint(o, "issued_at", m->issued_at);
	json_put_uint(o, "not_before", m->not_before);
	json_put_uint(o, "not_after", m->not_after);
	if (memcmp(m->nonce, none, sizeof none))
		json_put_hex(o, "nonce", m->nonce, sizeof m->nonce);
	json_put(controller, "id", m->controller.id);
	json_object_object_add(controller, "names", texts(m->controller.names[0], sizeof m->controller.names[0], m->controller.name_count));
	json_object_object_add(controller, "spki_pins", digests(m->controller.spki_pins, m->controller.pin_count));
	json_object_object_add(o, "controller", controller);
	json_put(vm, "id", m->vm.id);
	json_put(vm, "name", m->vm.name);
	json_put(vm, "uuid", m->vm.uuid);
	json_put(vm, "instance_id", m->vm.instance_id);
	json_put_hex(vm, "ek_sha256", m->vm.ek_sha256, memcmp(m->vm.ek_sha256, none, sizeof none) ? sizeof none : 0);
	json_object_object_add(o, "vm", vm);
	for (size_t i = 0; i < m->blob_count; i++)
		json_object_array_add(blobs, blob_json(&m->blobs[i]));
	json_object_object_add(o, "blobs", blobs);
	return o;
}

int bundle_manifest(struct manifest *m, struct buf *out, struct err *e)
{
	scoped(manifest_fini) struct manifest check = { 0 };
	size_t start = out->size;

	if (m->controller.name_count > BUNDLE_NAMES_MAX || m->controller.pin_count > BUNDLE_PINS_MAX)
		return err_set(e, ERR_LIMIT, "%s: the controller has %zu names and %zu pins: %d and %d at most", doc,
			m->controller.name_count, m->controller.pin_count, BUNDLE_NAMES_MAX, BUNDLE_PINS_MAX);
	for (size_t i = 0; i < m->blob_count; i++)
		sha256(m->blobs[i].bytes, m->blobs[i].size, m->blobs[i].sha256);
	scoped_json struct json_object *o = manifest_json(m);
	const char *line = json_line(o);
	if (!line)
		return err_nomem(e);
	buf_str(out, line);
	int r = buf_check(out, doc, e);
	if (r)
		return r;
	if (out->size - start > ENVELOPE_PAYLOAD_MAX)
		return err_set(e, ERR_LIMIT, "%s: %zu bytes: %d at most", doc, out->size - start, ENVELOPE_PAYLOAD_MAX);
	return decode(o, 0, &check, e);                 /* what a reader would refuse is not written */
}
