/* birth.c - stage 1 of birth.h: names, keys, secrets. */
#include "controller/service/birth.h"

#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/sshkey.h"
#include "common/data/json.h"
#include "common/media/bundle.h"
#include "controller/crypto/guestkey.h"
#include "controller/crypto/seal.h"
#include "controller/service/birth_parts.h"
#include "controller/service/identity.h"
#include "controller/service/newborn.h"
#include "controller/service/pool.h"
#include "controller/signer/intent.h"
#include "controller/store/boot.h"
#include "controller/store/image.h"
#include "controller/store/media_key.h"
#include "controller/store/news.h"

static void new_uuid(char out[37])
{
	uint8_t b[16];
	char hex[33];

	random_bytes(b, sizeof b);
	b[6] = (b[6] & 0x0f) | 0x40;            /* RFC 9562 5.4 */
	b[8] = (b[8] & 0x3f) | 0x80;
	hex_encode(b, sizeof b, hex);
	snprintf(out, 37, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

static void new_mac(char out[18])
{
	uint8_t b[3];

	random_bytes(b, sizeof b);
	snprintf(out, 18, "52:54:00:%02x:%02x:%02x", b[0], b[1], b[2]);
}

/* What the pool gave for one bundle. */
struct taken {
	struct cert_intent intent;
	struct json_object *ssh;                /* {"ssh-ed25519": HEX of the key blob, …} */
	struct json_object *lines;              /* ["ssh-ed25519 AAAA…", …] */
	struct buf parts;
};
static void taken_fini(struct taken *t)
{
	json_free(t->ssh);
	json_free(t->lines);
	buf_fini(&t->parts);
}

static int add_ssh(struct taken *t, const struct guestkey *k, struct err *e)
{
	scoped_buf struct buf line = BUF_MAX(1024);
	char name[BUNDLE_BLOB_NAME_MAX], type[SSHKEY_TYPE_MAX];
	uint8_t digest[SHA256_SIZE];
	int r = sshkey_digest(k->public, k->public_size, "a pooled key", type, digest, e);

	if (r)
		return r;
	json_put_hex(t->ssh, type, digest, sizeof digest);
	json_object_array_add(t->lines, json_object_new_string_len(k->public, (int)k->public_size));
	snprintf(name, sizeof name, BLOB_SSH_PREFIX "%s", guestkey_ssh_file(k->kind));
	part_add(&t->parts, name, 0600, k->private->bytes, k->private->size);
	buf_printf(&line, "%.*s\n", (int)k->public_size, k->public);
	snprintf(name, sizeof name, BLOB_SSH_PREFIX "%s.pub", guestkey_ssh_file(k->kind));
	part_add(&t->parts, name, 0644, line.data, line.size);
	return 0;
}

static int take_key(struct ctl *c, const struct vm *v, enum guestkey_kind kind, struct taken *t, struct err *e)
{
	scoped(guestkey_fini) struct guestkey k = { 0 };

	int r = pool_take(c, v->project, kind, v->id, &k, e);
	if (r)
		return r;
	if (kind != GUESTKEY_TLS_P256)
		return add_ssh(t, &k, e);
	part_add(&t->parts, BLOB_TLS_KEY, 0600, k.private->bytes, k.private->size);
	part_add(&t->parts, BLOB_TLS_CERT, 0644, NULL, 0);      /* filled in at stage 2 */
	part_add(&t->parts, BLOB_TLS_CHAIN, 0644, NULL, 0);
	memcpy(t->intent.spki, k.public, k.public_size);
	t->intent.spki_size = k.public_size;
	return 0;
}

/* Asked for, or by its image. The request is kept as it came: what follows from the image is looked up. */
static int wants_rsa(struct ctl *c, const struct vm *v, const struct vm_spec *spec, bool *ret, struct err *e)
{
	scoped(image_fini) struct image i = { 0 };
	bool absent;

	*ret = spec->rsa;
	if (*ret || vm_by_others(v))
		return 0;
	int r = image_get(c->store, v->project, v->image, &i, &absent, e);
	*ret = !r && !absent && pool_image_rsa(i.doc);
	return r;
}

static int take_keys(struct ctl *c, const struct vm *v, const struct vm_spec *spec, struct taken *t, struct err *e)
{
	static const enum guestkey_kind kinds[] = { GUESTKEY_TLS_P256, GUESTKEY_SSH_ED25519, GUESTKEY_SSH_ECDSA, GUESTKEY_SSH_RSA_3072 };
	bool rsa;

	int r = wants_rsa(c, v, spec, &rsa, e);
	for (size_t i = 0; !r && i < ARRAY_SIZE(kinds); i++) {
		r = kinds[i] == GUESTKEY_SSH_RSA_3072 && !rsa ? 0 : take_key(c, v, kinds[i], t, e);
		if (r)
			return r;
	}
	return r;
}

/* The keys of the bundle before this one. */
/* Private halves that the guest has not been handed yet go along; one that has them is told the public ones alone. */
static int keep_private(struct ctl *c, const struct bundle_row *before, struct taken *t, struct err *e)
{
	scoped_secret struct secret *parts = NULL;
	struct blob blobs[PARTS_MAX];
	char where[STORE_ID_MAX + 24];
	size_t n = 0;
	int r;

	if (before->delivered_at || !before->secrets.size)
		return 0;
	part_seal_name(before->vm_id, before->sequence, where, sizeof where);
	if ((r = seal_open(c->seal, where, before->secrets.data, before->secrets.size, &parts, e)) ||
	    (r = part_list(parts->bytes, parts->size, before, blobs, &n, e)))
		return r;
	for (size_t i = 0; i < n; i++)
		if (strcmp(blobs[i].name, BLOB_TLS_KEY) == 0 || (text_starts(blobs[i].name, BLOB_SSH_PREFIX) && !strstr(blobs[i].name, ".pub")))
			part_add(&t->parts, blobs[i].name, blobs[i].mode, blobs[i].bytes, blobs[i].size);
	return 0;
}

static int keep_public(struct json_object *line, struct taken *t, struct err *e)
{
	const char *text = json_object_get_string(line);
	scoped_buf struct buf file = BUF_MAX(2048);
	char name[BUNDLE_BLOB_NAME_MAX];

	for (int k = 0; text && k < GUESTKEY_KINDS; k++) {
		const char *type = guestkey_ssh_type((enum guestkey_kind)k);
		if (!type || !text_starts(text, type) || text[strlen(type)] != ' ')
			continue;
		snprintf(name, sizeof name, BLOB_SSH_PREFIX "%s.pub", guestkey_ssh_file((enum guestkey_kind)k));
		buf_printf(&file, "%s\n", text);
		part_add(&t->parts, name, 0644, file.data, file.size);
		return 0;
	}
	return err_set(e, ERR_INTERNAL, "a host key of no kind that is known: '%.40s'", text ? text : "");
}

static int keep_keys(struct ctl *c, const struct bundle_row *before, struct taken *t, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct bundle_keys k;
	int r;

	if ((r = bundle_keys_read(before, &o, &k, e)) || (r = keep_private(c, before, t, e)))
		return r;
	for (size_t i = 0; i < json_object_array_length(k.ssh_lines); i++)
		if ((r = keep_public(json_object_array_get_idx(k.ssh_lines, i), t, e)))
			return r;
	part_add(&t->parts, BLOB_TLS_CERT, 0644, NULL, 0);
	part_add(&t->parts, BLOB_TLS_CHAIN, 0644, NULL, 0);
	json_free(t->ssh);
	json_free(t->lines);
	t->ssh = json_object_get(k.ssh);
	t->lines = json_object_get(k.ssh_lines);
	if (before->spki.size > sizeof t->intent.spki)
		return err_set(e, ERR_INTERNAL, "the bundle's row has a key of %zu bytes", before->spki.size);
	memcpy(t->intent.spki, before->spki.data, before->spki.size);
	t->intent.spki_size = before->spki.size;
	return 0;
}

static int make_report_key(struct ctl *c, struct vm *v, struct err *e)
{
	scoped_buf struct buf sealed = BUF_MAX(VM_REPORT_KEY_SEALED_MAX);
	uint8_t key[32];

	random_bytes(key, sizeof key);
	int r = seal(c->seal, v->id, key, sizeof key, &sealed, e);
	sodium_memzero(key, sizeof key);
	if (r)
		return r;
	memcpy(v->report_key, sealed.data, sealed.size);
	v->report_key_size = sealed.size;
	return 0;
}

static int add_report_key(struct ctl *c, const struct vm *v, struct taken *t, struct err *e)
{
	scoped_secret struct secret *key = NULL;

	int r = seal_open(c->seal, v->id, v->report_key, v->report_key_size, &key, e);
	if (!r)
		part_add(&t->parts, BLOB_REPORT_KEY, 0600, key->bytes, key->size);
	return r;
}

static int make_intent(const struct ctl *c, const struct vm *v, const struct vm_spec *spec, struct cert_intent *in, struct err *e)
{
	struct identity id = { .role = ROLE_GUEST };
	int64_t now = clock_unix_s();

	snprintf(in->common_name, sizeof in->common_name, "%s", v->name);
	snprintf(id.project, sizeof id.project, "%s", v->project);
	snprintf(id.name, sizeof id.name, "%s", v->id);
	identity_uri(&id, c->id, in->uri);
	random_bytes(in->serial, sizeof in->serial);
	in->serial[0] = (in->serial[0] & 0x7f) | 0x40;          /* positive, and no leading zero: RFC 5280 4.1.2.2 */
	in->not_before = (uint64_t)(now - CLOCK_SLACK_S);
	in->not_after = (uint64_t)(now + CERT_VALID_S);
	return spec_names(spec, in->names, CERT_NAMES_MAX, &in->name_count, e);
}

static int write_parts(struct ctl *c, struct vm *v, const struct birth *b, struct taken *t, struct err *e)
{
	scoped_buf struct buf goal = BUF_MAX(GOAL_DOC_MAX), user_data = BUF_MAX(PART_MAX), network = BUF_MAX(1 << 20);
	int r;

	if ((r = spec_user_data(b->spec, &user_data, e)) || (r = spec_network(b->spec, v->mac, &network, e)) ||
	    (b->goal && (r = goal_doc_write(b->goal, &goal, e))))
		return r;
	part_add(&t->parts, BLOB_USER_DATA, 0600, user_data.data, user_data.size);
	if (network.size)
		part_add(&t->parts, BLOB_NETWORK_CONFIG, 0600, network.data, network.size);
	if (b->goal)
		part_add(&t->parts, BLOB_GOAL, 0600, goal.data, goal.size);
	return (r = add_report_key(c, v, t, e)) || (r = b->kept ? keep_keys(c, b->kept, t, e) : take_keys(c, v, b->spec, t, e)) ? r :
		buf_check(&t->parts, "the bundle", e);
}

int birth_write_row(struct ctl *c, struct vm *v, const struct birth *b, struct err *e)
{
	scoped(taken_fini) struct taken t = { .ssh = json_object_new_object(), .lines = json_object_new_array(),
		.parts = BUF_MAX(PART_MAX) };
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_json struct json_object *keys = json_object_new_object();
	char where[STORE_ID_MAX + 24];
	uint8_t spki[SHA256_SIZE];
	int r;

	if ((r = make_intent(c, v, b->spec, &t.intent, e)) || (r = write_parts(c, v, b, &t, e)))
		return r;
	snprintf(row.vm_id, sizeof row.vm_id, "%s", v->id);
	snprintf(row.project, sizeof row.project, "%s", v->project);
	row.sequence = v->sequence;
	row.stage = BUNDLE_TAKEN;
	part_seal_name(v->id, v->sequence, where, sizeof where);
	sha256(t.intent.spki, t.intent.spki_size, spki);
	json_put_hex(keys, "tls_spki", spki, sizeof spki);
	json_object_object_add(keys, "ssh", give(t.ssh));
	json_object_object_add(keys, "ssh_lines", give(t.lines));
	buf_str(&row.keys, json_line(keys));
	buf_add(&row.spki, t.intent.spki, t.intent.spki_size);
	if ((r = intent_write(&t.intent, &row.intent, e)) || (r = seal(c->seal, where, t.parts.data, t.parts.size, &row.secrets, e)) ||
	    (r = buf_check(&row.keys, "the keys' digests", e)))
		return r;
	return bundle_row_insert(c->store, &row, e);
}

static int have_media_key(struct ctl *c, const char *project, struct err *e)
{
	struct media_key *keys;
	size_t n = 0;

	if (c->has_media_key.turn == store_turn(c->store) && strcmp(c->has_media_key.project, project) == 0)
		return 0;
	int r = media_key_list(c->store, project, &keys, &n, e);
	if (r)
		return r;
	size_t signing = 0;
	for (size_t i = 0; i < n; i++)
		signing += media_key_signs(&keys[i]);
	media_key_list_free(keys, n);
	if (signing) {
		c->has_media_key.turn = store_turn(c->store);
		return text_copy(c->has_media_key.project, sizeof c->has_media_key.project, project, "the project", e);
	}
	err_set(e, ERR_NOT_FOUND, "there is no media key to sign the bundle with");
	err_hint(e, "make one: natalctl key init");
	return -(int)e->code;
}

int birth_define(struct ctl *c, const struct vm_spec *spec, struct vm *v, struct err *e)
{
	int r = have_media_key(c, v->project, e);
	if (r)
		return r;
	store_new_id("vm-", v->id);
	snprintf(v->name, sizeof v->name, "%s", spec->name);
	snprintf(v->host, sizeof v->host, "%s", spec->host);
	snprintf(v->image, sizeof v->image, "%s", spec->image);
	snprintf(v->uuid, sizeof v->uuid, "%s", spec->uuid);
	snprintf(v->mac, sizeof v->mac, "%s", spec->mac);
	if (!*v->uuid)
		new_uuid(v->uuid);
	if (!*v->mac && !vm_by_others(v))
		new_mac(v->mac);                /* who starts a guest that we do not chose its card */
	snprintf(v->instance_id, sizeof v->instance_id, "i-%s", v->id + 3);
	v->forwards = strdup(spec->forwards ? json_line(spec->forwards) : "[]");
	v->sequence = 1;
	v->state = VM_DEFINED;
	snprintf(v->reason, sizeof v->reason, "keys taken, to be signed");
	/* The row first: a name that is taken takes no keys. */
	if ((r = make_report_key(c, v, e)) || (r = newborn_define(c, v, spec, e)) || (r = vm_insert(c->store, v, e)))
		return r;
	return birth_write_row(c, v, &(struct birth){ .spec = spec }, e);
}

int birth_reissue(struct ctl *c, struct vm *v, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	struct vm_spec spec;
	int r;

	if ((r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &o, e)) || (r = spec_read(o, &spec, e)) ||
	    (r = bundle_row_wipe(c->store, v->id, v->sequence, e)) || (r = pool_key_wipe(c->store, v->project, v->id, e)))
		return r;
	v->sequence++;
	if ((r = birth_other_certificate(c, v, e)))
		return r;
	c->scrub = true;
	vm_set_state(v, VM_DEFINED, "reissued: keys taken, to be signed");
	/* Another report key: nothing that was said under the old one comes back. */
	*v->boot_id = 0;
	v->report_seq = -1;
	if ((r = boot_delete_all(c->store, v->id, e)) || (r = newborn_forget(c, v, e)) || (r = make_report_key(c, v, e)) || (r = birth_write_row(c, v, &(struct birth){ .spec = &spec }, e)))
		return r;
	return ctl_save(c, v, e);
}
