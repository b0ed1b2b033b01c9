/* link_ask.c - the requests to the host: one function each. See link.h. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "controller/service/agent_way.h"
#include "controller/service/birth.h"
#include "controller/service/link_priv.h"
#include "controller/service/medium.h"
#include "controller/service/remote.h"
#include "controller/store/host.h"
#include "controller/store/host_ask.h"
#include "controller/service/newborn.h"
#include "controller/store/image.h"

/* Of a VM, the types of what its host was asked and has not answered. */
static int open_types(struct ctl *c, const struct vm *v, struct host_ask_types *ret, struct err *e)
{
	ret->count = 0;
	if (vm_is_remote(v))
		return host_ask_types(c->store, v->id, ret, e);
	for (const struct pending *p = c->link ? c->link->pending : NULL; p && ret->count < HOST_ASK_TYPES_MAX; p = p->next)
		if (strcmp(p->vm_id, v->id) == 0)
			ret->type[ret->count++] = p->type;
	return 0;
}

int link_pending(struct ctl *c, const struct vm *v, enum frame_type type, bool *ret, struct err *e)
{
	struct host_ask_types open;
	int r = open_types(c, v, &open, e);

	*ret = false;
	for (size_t i = 0; !r && i < open.count; i++)
		*ret |= open.type[i] == (int64_t)type;
	return r;
}

int link_busy(struct ctl *c, const struct vm *v, bool *ret, struct err *e)
{
	struct host_ask_types open;
	int r = open_types(c, v, &open, e);

	*ret = false;
	for (size_t i = 0; !r && i < open.count; i++)
		*ret |= open.type[i] != FRAME_HOST_CREATE && !link_keeps_answer((enum frame_type)open.type[i]);
	return r;
}

struct ask { enum frame_type type; const struct vm *v; const struct link_fds *fds; uint64_t req; };

static int ask_embedded(struct ctl *c, struct ask *a, struct json_object *body, struct err *e)
{
	struct link *l = c->link;

	if (!l) {
		err_set(e, ERR_UNAVAILABLE, "this natald runs no host of its own");
		err_hint(e, "its store is shared: VMs are of the hosts of natalctl host list");
		return -(int)e->code;
	}
	struct pending *p = calloc(1, sizeof *p);
	if (!p)
		return err_nomem(e);
	*p = (struct pending){ .req = a->req = ++l->req, .type = a->type };
	snprintf(p->vm_id, sizeof p->vm_id, "%s", a->v->id);
	json_put_uint(body, "req", p->req);
	const char *line = json_line(body);
	int r = link_queue(l, a->type, line, strlen(line), a->fds, e);
	if (r) {
		free(p);
		return r;
	}
	p->next = l->pending;
	l->pending = p;
	return 0;
}

/* Takes o; a->req is set. */
static int ask_with(struct ctl *c, struct ask *a, struct json_object *o, struct err *e)
{
	scoped_json struct json_object *body = o;

	return vm_is_remote(a->v) ? remote_ask(c, a->type, a->v, body, &a->req, e) : ask_embedded(c, a, body, e);
}

static int ask(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *o, struct err *e)
{
	return ask_with(c, &(struct ask){ .type = type, .v = v }, o, e);
}

static struct json_object *for_vm(const struct vm *v)
{
	struct json_object *o = json_object_new_object();

	json_put(o, "vm_id", v->id);
	return o;
}

static struct json_object *for_run(const struct vm *v)
{
	struct json_object *o = for_vm(v);

	json_put_uint(o, "run_token", (uint64_t)v->run_token);
	return o;
}

/* The four fields of an image's document that a host needs. */
static int image_part(struct ctl *c, const struct vm *v, struct json_object *o, struct err *e)
{
	static const char *const keys[] = { "kernel", "initrd", "root", "cmdline" };
	scoped(image_fini) struct image img = { 0 };
	scoped_json struct json_object *doc = NULL;
	bool absent;

	int r = image_get(c->store, v->project, v->image, &img, &absent, e);
	if (r || absent)
		return r ? r : err_set(e, ERR_NOT_FOUND, "image '%s' is not registered any more", v->image);
	if ((r = json_parse(img.doc, strlen(img.doc), "image", &doc, e)))
		return r;
	struct json_object *part = json_object_new_object();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		json_put(part, keys[i], json_text(doc, keys[i]) ? json_text(doc, keys[i]) : "");
	json_object_object_add(o, "image", part);
	return 0;
}

/* *ret_needless: no host runs it, and it has no channel to carry. */
static int create_body(struct ctl *c, const struct vm *v, struct json_object *o, bool *ret_needless, struct err *e)
{
	scoped_json struct json_object *text = NULL, *forwards = NULL;
	struct vm_spec spec;
	bool none = vm_by_others(v);
	int r;

	if ((r = json_parse(v->spec, strlen(v->spec), "the VM's spec", &text, e)) || (r = spec_read(text, &spec, e)) ||
	    (r = json_parse(v->forwards, strlen(v->forwards), "the VM's forwards", &forwards, e)))
		return r;
	*ret_needless = none && !*spec.channel;
	json_put(o, "driver", none ? "none" : "qemu");
	json_put(o, "uuid", v->uuid);
	json_put(o, "mac", v->mac);
	json_put(o, "channel", none ? spec.channel : "");
	json_put_uint(o, "memory_mb", spec.memory_mb);
	json_put_uint(o, "cpus", spec.cpus);
	json_object_object_add(o, "forwards", give(forwards));
	return none ? 0 : image_part(c, v, o, e);
}

int link_create(struct ctl *c, const struct vm *v, struct err *e)
{
	struct err why;
	bool open;

	if (v->host_known || (vm_is_remote(v) ? !store_in_turn(c->store) : !c->link))
		return 0;
	int r = link_pending(c, v, FRAME_HOST_CREATE, &open, e);
	if (r || open)
		return r;
	struct json_object *o = for_vm(v);
	bool needless = false;
	int bad = create_body(c, v, o, &needless, &why);
	if (!bad && !needless)
		return ask(c, FRAME_HOST_CREATE, v, o, e);
	json_free(o);
	if (needless)
		return 0;
	fprintf(stderr, "natald: vm=%s not given to the host: %s\n", v->name, why.msg);
	return 0;
}

/* How this VM's agent comes to it: the carrier, and what START says of it. Left alone where the image has one. A host of its own fetches it. */
static int add_carrier(struct ctl *c, const struct vm *v, struct json_object *o, struct link_fds *fds, struct err *e)
{
	const struct carrier *carrier;
	struct agent_way agent;

	int r = agent_way_vm(c, v, &agent, e);
	if (r || !agent.carried || (r = carrier_get(c, v->project, agent.way, &carrier, e)))
		return r;
	if (!vm_is_remote(v) && (fds->fd[fds->n] = fcntl(carrier->fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return err_sys(e, "keep what brings the agent");
	fds->n += !vm_is_remote(v);
	json_put(o, "agent", agent.way == CARRIER_INITRD ? "initrd" : "volume");
	if (carrier->oem.size)
		json_put(o, "oem", carrier->oem.data);
	return 0;
}

static void fds_close(struct link_fds *fds)
{
	while (fds->n)
		close(fds->fd[--fds->n]);
}

int link_vm_start(struct ctl *c, struct vm *v, struct err *e)
{
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_buf struct buf image = BUF_MAX(MEDIUM_MAX);
	scoped(fds_close) struct link_fds fds = { .n = 0 };
	scoped_json struct json_object *o = for_vm(v);

	bool newborn;
	int r = birth_row(c, v, &row, e);
	if (r || (r = newborn_is(c, v, &newborn, e)))
		return r;
	bool medium = !row.wiped_at && !newborn, passed = medium && !vm_is_remote(v);
	if (passed && ((r = medium_make(c, &row, &image, e)) || (r = medium_seal(&image, &fds.fd[0], e))))
		return err_wrap(e, "medium of %s", v->name);
	fds.n = passed;
	json_put_bool(o, "medium", medium);
	if (medium && (r = add_carrier(c, v, o, &fds, e)))
		return r;
	v->run_token++;
	v->unproven_left = VM_UNPROVEN_MAX;
	v->deadline_at = link_deadline_at(c, v);
	vm_set_state(v, VM_BOOTING, "starting%s%s", medium ? ", with its medium" : "", json_text(o, "agent") ? " and the agent" : "");
	if ((r = ctl_save(c, v, e)))
		return r;
	json_put_uint(o, "run_token", (uint64_t)v->run_token);
	if ((r = ask_with(c, &(struct ask){ .type = FRAME_HOST_START, .v = v, .fds = &fds }, json_object_get(o), e)))
		return r;
	fds.n = 0;
	return 0;
}

int link_vm_stop(struct ctl *c, struct vm *v, uint64_t grace_ms, struct err *e)
{
	struct json_object *o = for_run(v);

	json_put_uint(o, "grace_ms", grace_ms);
	return ask(c, FRAME_HOST_STOP, v, o, e);
}

/* Asked again and again until it is done: once is enough where the first is open. */
int link_vm_eject(struct ctl *c, struct vm *v, struct err *e)
{
	bool open;
	int r = link_pending(c, v, FRAME_HOST_EJECT, &open, e);

	return r || open || (!vm_is_remote(v) && !c->link) ? r : ask(c, FRAME_HOST_EJECT, v, for_run(v), e);
}

int link_vm_delete(struct ctl *c, const struct vm *v, struct err *e)
{
	bool made, going;
	int r = link_pending(c, v, FRAME_HOST_CREATE, &made, e);

	if (r || (!vm_is_remote(v) && !c->link) || (r = link_pending(c, v, FRAME_HOST_DELETE, &going, e)) || going)
		return r;
	/* What else it was asked is over with it. */
	if (vm_is_remote(v) && (r = host_ask_delete_vm(c->store, v->id, e)))
		return r;
	return v->host_known || made ? ask(c, FRAME_HOST_DELETE, v, for_vm(v), e) : 0;
}

int link_vm_forward(struct ctl *c, struct vm *v, struct err *e)
{
	struct json_object *forwards = NULL, *o = for_vm(v);

	int r = json_parse(v->forwards, strlen(v->forwards), "forwards", &forwards, e);
	if (r) {
		json_free(o);
		return r;
	}
	json_object_object_add(o, "forwards", forwards);
	return ask(c, FRAME_HOST_FORWARD, v, o, e);
}

static int ask_kept(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *body, uint64_t *ret_req, struct err *e)
{
	struct ask a = { .type = type, .v = v };
	int r = ask_with(c, &a, body, e);

	if (!r)
		*ret_req = a.req;
	return r;
}

int link_vm_log(struct ctl *c, struct vm *v, uint64_t max_bytes, uint64_t *ret_req, struct err *e)
{
	struct json_object *o = for_vm(v);

	json_put_uint(o, "max_bytes", max_bytes);
	return ask_kept(c, FRAME_HOST_LOG, v, o, ret_req, e);
}

int link_vm_console(struct ctl *c, struct vm *v, uint64_t from, uint64_t *ret_req, struct err *e)
{
	struct json_object *o = for_vm(v);

	json_put_uint(o, "from", from);
	return ask_kept(c, FRAME_HOST_LOG, v, o, ret_req, e);
}

int link_vm_input(struct ctl *c, struct vm *v, const char *base64, uint64_t *ret_req, struct err *e)
{
	struct json_object *o = for_vm(v);

	json_put(o, "input", base64);
	return ask_kept(c, FRAME_HOST_INPUT, v, o, ret_req, e);
}

int link_backup(struct ctl *c, const char *dir, uint64_t *ret_req, struct err *e)
{
	const struct vm none = { 0 };
	struct json_object *o = json_object_new_object();

	json_put(o, "dir", dir);
	return ask_kept(c, FRAME_HOST_BACKUP, &none, o, ret_req, e);
}

int link_take(struct ctl *c, const struct vm *v, uint64_t req, struct link_answer *ret_answer, bool *ret, struct err *e)
{
	*ret = false;
	if (v && vm_is_remote(v))
		return remote_answer(c, v, req, ret_answer, ret, e);
	for (struct answer **at = c->link ? &c->link->answers : NULL; at && *at; at = &(*at)->next) {
		struct answer *a = *at;
		if (a->req != req)
			continue;
		*at = a->next;
		*ret_answer = (struct link_answer){ a->text, a->failed };
		free(a);
		*ret = true;
		return 0;
	}
	return 0;
}

int64_t link_boot_deadline_s(struct ctl *c, const struct vm *v)
{
	const char *s = getenv("NATAL_BOOT_DEADLINE_S"), *accel = link_accel(c);
	struct host h = { .accel = "" };
	struct err ignored;
	bool absent = true;
	uint64_t n;

	if (s && text_number(s, &n) && n > 0 && n < 1 << 30)
		return (int64_t)n;
	if (vm_is_remote(v))
		accel = host_get(c->store, v->host, &h, &absent, &ignored) || absent ? "" : h.accel;
	return strcmp(accel, "kvm") == 0 ? BOOT_DEADLINE_S : BOOT_DEADLINE_TCG_S;
}

int64_t link_deadline_at(struct ctl *c, const struct vm *v) { return store_now_s(c->store) + link_boot_deadline_s(c, v); }
