/* api_vm.c - machines: define, list, show, delete, reissue, medium, pin. */
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/verify/pin.h"
#include "controller/api/api.h"
#include "controller/service/agent_way.h"
#include "controller/service/birth.h"
#include "controller/service/goal.h"
#include "controller/service/link.h"
#include "controller/service/medium.h"
#include "controller/service/newborn.h"
#include "controller/service/pinfile.h"
#include "controller/service/pool.h"
#include "controller/service/remote.h"
#include "controller/service/step.h"
#include "controller/store/event.h"
#include "controller/api/page.h"
#include "controller/store/media_key.h"

void api_add_parsed(struct json_object *o, const char *key, const char *text)
{
	struct json_object *v = NULL;
	struct err ignored;

	if (text && json_parse(text, strlen(text), key, &v, &ignored) == 0)
		json_object_object_add(o, key, v);
	else
		json_object_object_add(o, key, NULL);
}

/* Unknown where others start it, and where its image is not registered any more. */
static void add_agent(struct ctl *c, const struct vm *v, struct json_object *o)
{
	struct agent_way agent;
	struct err ignored;

	if (!*v->image || agent_way_vm(c, v, &agent, &ignored))
		return;
	json_put(o, "agent", agent.carried ? "medium" : "image");
	if (agent.carried)
		json_put(o, "agent_by", carrier_way_name(agent.way));
}

/* What it is to be, and what it has said that it is. */
static void add_goal(const struct vm *v, int64_t seen_at, struct json_object *o)
{
	struct json_object *g = json_object_new_object(), *has = json_object_new_object();

	json_put_uint(g, "epoch", (uint64_t)v->epoch);
	json_put_uint(g, "gen", (uint64_t)v->sequence);
	json_put(g, "state", goal_state_name(goal_state_of(v)));
	json_put_uint(has, "epoch", (uint64_t)v->has_epoch);
	json_put_uint(has, "gen", (uint64_t)v->has_gen);
	json_object_object_add(g, "guest", has);
	json_put_uint(g, "seen_at", (uint64_t)seen_at);
	json_object_object_add(o, "goal", g);
}

/* What is to be verified is not yet what it is to be when it is provisioned. */
static void put_reason(struct json_object *o, const struct vm *v)
{
	char text[VM_REASON_MAX + 64];
	bool unjudged = v->state == VM_PROVISIONED && goal_state_of(v) == GOAL_VERIFIED;

	snprintf(text, sizeof text, "%s%s", v->reason, unjudged ? "; it is to be verified, and no verifier has judged it" : "");
	json_put(o, "reason", text);
}

/* tag: NULL, or where its ETag goes. */
static struct json_object *vm_json(struct ctl *c, const struct vm *v, char tag[TAG_MAX])
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	struct err ignored;
	bool absent = true;
	struct json_object *o = json_object_new_object(), *b = json_object_new_object();
	int64_t last = 0, seen_at = v->seen_at;

	json_put(o, "id", v->id);
	json_put(o, "name", v->name);
	json_put(o, "project", v->project);
	json_put(o, "state", vm_state_name(v->state));
	put_reason(o, v);
	json_put_bool(o, "running", v->running);
	json_put(o, "host", v->host);
	json_put(o, "image", v->image);
	add_agent(c, v, o);
	json_put(o, "uuid", v->uuid);
	json_put(o, "instance_id", v->instance_id);
	json_put(o, "mac", v->mac);
	json_put_uint(o, "sequence", (uint64_t)v->sequence);
	api_add_parsed(o, "forwards", v->forwards);
	json_put(o, "ek_sha256", v->ek_sha256);
	struct json_object *step = step_report(c, v, &seen_at);
	api_add_birth(c, v, o);
	add_goal(v, seen_at, o);
	json_put_uint(o, "created_at", (uint64_t)v->created_at);
	if (bundle_row_get_public(c->store, v->id, v->sequence, &row, &absent, &ignored) == 0 && !absent) {
		if (row.manifest.size)
			json_put_hex(b, "digest", row.digest, SHA256_SIZE);
		json_put_uint(b, "delivered_at", (uint64_t)row.delivered_at);
		json_put_uint(b, "wiped_at", (uint64_t)row.wiped_at);
		api_add_parsed(b, "keys", row.keys.data);
	}
	json_object_object_add(o, "bundle", b);
	if (step)
		json_object_object_add(o, "report", step);
	else
		api_add_parsed(o, "report", v->status);
	api_add_parsed(o, "unproven", v->unproven);
	json_put_uint(o, "forged", (uint64_t)v->forged);
	json_put_uint(o, "last_event", event_last(c->store, v->id, &last, &ignored) ? 0 : (uint64_t)last);
	if (tag)
		vm_tag(v, row.rev, tag);
	return o;
}

struct json_object *api_vm_json(struct ctl *c, const struct vm *v, struct err *e)
{
	(void)e;
	return vm_json(c, v, NULL);
}

/* What vm_json() says, without the document. */
static void vm_json_tag(struct ctl *c, const struct vm *v, char tag[TAG_MAX])
{
	struct json_object *o = vm_json(c, v, tag);

	json_free(o);
}

/* After the births of this turn: what came of it. */
int api_vm_born(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	int r = vm_get_by_id(c->store, rq->vm_id, &v, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_CONFLICT, "the VM was deleted while it was made");
	if (v.state == VM_FAILED)
		return err_set(e, ERR_UNAVAILABLE, "VM %s: %s", v.name, v.reason);
	if (v.state == VM_DEFINED) {
		err_set(e, ERR_UNAVAILABLE, "VM %s is defined, and its bundle could not be signed yet", v.name);
		err_hint(e, "is its disk full, or not writable? natald goes on by itself when it can: natalctl vm show %s", v.name);
		return -(int)e->code;
	}
	char tag[TAG_MAX];
	rq->reply = vm_json(c, &v, tag);
	request_header(rq, "ETag", "%s", tag);
	return 0;
}

/* What would be kept and never looked at is refused. */
static int check_host(struct ctl *c, struct json_object *o, const struct vm_spec *spec, struct err *e)
{
	static const char *const ours[] = { "image", "forwards", "memory_mb", "cpus", "agent" };
	bool none = strcmp(spec->host, "none") == 0, others = none || *spec->channel;
	const char *with = none ? "host 'none'" : "'channel'";

	if (*spec->channel && strcmp(spec->host, "local") == 0)
		return err_set(e, ERR_FORMAT, "vm: 'channel' goes with host 'none' only, or with a host of its own that carries it");
	for (size_t i = 0; others && i < ARRAY_SIZE(ours); i++)
		if (json_object_object_get_ex(o, ours[i], NULL))
			return err_set(e, ERR_FORMAT, "vm: '%s' does not go with %s: somebody else starts the guest", ours[i], with);
	return remote_check(c, spec->host, e);
}

/* The answer comes when its bundle is signed. */
static int await_birth(struct ctl *c, struct request *rq, struct vm *v, struct err *e)
{
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v->id);
	rq->then = api_vm_born;
	rq->awaits_birth = v->state == VM_DEFINED;
	return rq->awaits_birth ? 0 : birth_unsigned(c, v, &rq->awaits_birth, e);
}

/* What is asked for, as far as it can be judged without making it. */
static int check_spec(struct ctl *c, struct request *rq, struct vm_spec *spec, struct err *e)
{
	struct agent_way agent;
	int r;

	if ((r = spec_read(rq->json, spec, e)) || (r = check_host(c, rq->json, spec, e)))
		return r;
	bool none = strcmp(spec->host, "none") == 0 || *spec->channel;
	if (!none && !*spec->image) {
		err_set(e, ERR_USAGE, "--image is missing");
		err_hint(e, "natalctl image list; with --host none somebody else starts the guest, and no image is needed");
		return -(int)e->code;
	}
	if (none || (r = api_image_there(c, rq, spec->image, e)) || (r = agent_way_of(c, rq->project, spec->image, spec->agent, &agent, e)))
		return r;
	if (!*spec->birth || !agent.carried)
		return 0;
	err_set(e, ERR_FORMAT, "vm: birth without a medium wants an image with the agent and its policy in it: %s has none", spec->image);
	err_hint(e, "natalctl image bake --birth URL --birth-pin PIN");
	return -(int)e->code;
}

int api_vm_check(struct ctl *c, struct request *rq, struct err *e)
{
	struct vm_spec spec;

	rq->reply = json_object_new_object();
	return check_spec(c, rq, &spec, e);
}

int api_vm_create(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	struct vm_spec spec;

	int r = check_spec(c, rq, &spec, e);
	if (r)
		return r;
	snprintf(v.project, sizeof v.project, "%s", rq->project);
	v.spec = strdup(json_line(rq->json));
	if (!v.spec)
		return err_nomem(e);
	snprintf(v.host, sizeof v.host, "%s", spec.host);
	v.deadline_at = link_deadline_at(c, &v);
	return (r = birth_define(c, &spec, &v, e)) ? r : await_birth(c, rq, &v, e);
}

int api_vm_again(struct ctl *c, struct request *rq, const char *vm_id, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	bool absent;

	int r = vm_get_by_id(c->store, vm_id, &v, &absent, e);
	if (r || !absent)
		return r ? r : await_birth(c, rq, &v, e);
	err_set(e, ERR_CONFLICT, "the VM that this idempotency key stands for was deleted");
	err_hint(e, "another VM wants another key");
	return -(int)e->code;
}

int api_vm_show(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	char tag[TAG_MAX];

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r)
		return r;
	rq->reply = vm_json(c, &v, tag);
	return answer_tagged(rq, tag, e);
}

int api_vm_spec(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };
	char tag[TAG_MAX];

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r || (r = json_parse(v.spec, strlen(v.spec), "the VM's spec", &rq->reply, e)))
		return r;
	vm_json_tag(c, &v, tag);
	request_header(rq, "ETag", "%s", tag);
	return 0;
}

/* The row is gone for good: now its file. */
int api_vm_forget_pin(struct ctl *c, struct request *rq, struct err *e)
{
	struct vm v = { 0 };

	(void)e;
	snprintf(v.project, sizeof v.project, "%s", rq->project);
	snprintf(v.name, sizeof v.name, "%s", rq->name);
	pinfile_remove(c, &v);
	return 0;
}

int api_vm_delete(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	c->access_generation++;
	if (r || (r = pool_key_wipe(c->store, v.project, v.id, e)) || (r = vm_delete(c->store, &v, e)) || (r = link_vm_delete(c, &v, e)))
		return r;
	rq->then = api_vm_forget_pin;
	c->births.look_again = true;
	c->scrub = true;
	rq->reply = json_object_new_object();
	return 0;
}

int api_vm_reissue(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_vm struct vm v = { 0 };

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r)
		return r;
	if (v.running && !vm_by_others(&v)) {
		err_set(e, ERR_CONFLICT, "VM %s is running: a new bundle is applied at a boot", v.name);
		err_hint(e, "natalctl vm stop %s", v.name);
		return -(int)e->code;
	}
	snprintf(rq->vm_id, sizeof rq->vm_id, "%s", v.id);
	rq->then = api_vm_born;
	rq->awaits_birth = true;
	v.deadline_at = link_deadline_at(c, &v);
	return birth_reissue(c, &v, e);
}

int api_vm_medium(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_vm struct vm v = { 0 };

	int r = ctl_vm(c, rq->project, rq->name, &v, e);
	if (r || (r = birth_row(c, &v, &row, e)))
		return r;
	bool newborn;
	if ((r = newborn_is(c, &v, &newborn, e)))
		return r;
	if (newborn) {
		err_set(e, ERR_CONFLICT, "VM %s is born without a medium: its guest asks for its bundle", v.name);
		err_hint(e, "a VM of a medium is one that was made without --birth");
		return -(int)e->code;
	}
	if (row.delivered_at) {
		err_set(e, ERR_CONFLICT, "the bundle of VM %s was delivered: it is not handed out twice", v.name);
		err_hint(e, "natalctl vm reissue %s makes a new one with new keys", v.name);
		return -(int)e->code;
	}
	return (r = medium_make(c, &row, &rq->reply_raw, e)) ? err_wrap(e, "medium of %s", v.name) : 0;
}

static int own_trust(struct ctl *c, const char *project, struct trust *t, struct err *e)
{
	struct media_key *keys;
	size_t n = 0;

	policy_default(&t->policy);
	int r = media_key_list(c->store, project, &keys, &n, e);
	if (r)
		return r;
	for (size_t i = 0; !r && i < n; i++)
		r = trust_add(t, &keys[i].public, keys[i].name, e);
	media_key_list_free(keys, n);
	return r;
}

/* A line per key for each of the VM's names. */
static void known_hosts(const struct pin *p, struct buf *out)
{
	for (size_t i = 0; i < p->name_count; i++)
		pin_known_hosts(p, p->names[i], out);
}

int api_vm_pin(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_buf struct buf lines = BUF_MAX(1 << 20), curl = BUF_MAX(4096), record = BUF_MAX(4 << 20);
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	scoped_vm struct vm v = { 0 };
	struct pin p;
	int r;

	if (!trust)
		return err_nomem(e);
	if ((r = ctl_vm(c, rq->project, rq->name, &v, e)) || (r = birth_row(c, &v, &row, e)) || (r = own_trust(c, rq->project, trust, e)))
		return r;
	if (!row.pin_record.size)
		return err_set(e, ERR_UNAVAILABLE, "VM %s has no pin record yet: %s", v.name, v.reason);
	if ((r = pin_verify(row.pin_record.data, row.pin_record.size, trust, (uint64_t)clock_unix_s(), "pin record", &p, e)))
		return r;
	known_hosts(&p, &lines);
	pin_curl(&p, &curl);
	base64_encode(&record, row.pin_record.data, row.pin_record.size);
	rq->reply = json_object_new_object();
	json_put(rq->reply, "record", record.data);
	json_put_uint(rq->reply, "sequence", p.sequence);
	json_put(rq->reply, "known_hosts", lines.data ? lines.data : "");
	json_put(rq->reply, "curl", curl.data ? curl.data : "");
	return 0;
}
