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
#include "controller/service/newborn.h"
#include "controller/store/image.h"

bool link_pending(const struct link *l, const char *vm_id, enum frame_type type)
{
	for (const struct pending *p = l->pending; p; p = p->next)
		if (p->type == type && strcmp(p->vm_id, vm_id) == 0)
			return true;
	return false;
}

bool link_busy(const struct ctl *c, const char *vm_id)
{
	for (const struct pending *p = c->link ? c->link->pending : NULL; p; p = p->next)
		if (p->type != FRAME_HOST_CREATE && p->type != FRAME_HOST_LOG && strcmp(p->vm_id, vm_id) == 0)
			return true;
	return false;
}

/* Takes o. */
static int ask_with(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *o, const struct link_fds *fds, struct err *e)
{
	scoped_json struct json_object *body = o;
	struct link *l = c->link;

	if (!l)
		return err_set(e, ERR_UNAVAILABLE, "no host is connected");
	struct pending *p = calloc(1, sizeof *p);
	if (!p)
		return err_nomem(e);
	*p = (struct pending){ .req = ++l->req, .type = type };
	snprintf(p->vm_id, sizeof p->vm_id, "%s", v->id);
	json_put_uint(body, "req", p->req);
	const char *line = json_line(body);
	int r = link_queue(l, type, line, strlen(line), fds, e);
	if (r) {
		free(p);
		return r;
	}
	p->next = l->pending;
	l->pending = p;
	return 0;
}

static int ask(struct ctl *c, enum frame_type type, const struct vm *v, struct json_object *o, struct err *e) { return ask_with(c, type, v, o, NULL, e); }

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

/* *ret_needless: nobody here runs it, and it has no channel to carry. */
static int create_body(struct ctl *c, const struct vm *v, struct json_object *o, bool *ret_needless, struct err *e)
{
	scoped_json struct json_object *text = NULL, *forwards = NULL;
	struct vm_spec spec;
	bool none = strcmp(v->host, "none") == 0;
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

	if (!c->link || v->host_known || link_pending(c->link, v->id, FRAME_HOST_CREATE))
		return 0;
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

/* How this VM's agent comes to it: the carrier, and what START says of it. Left alone where the image has one. */
static int add_carrier(struct ctl *c, const struct vm *v, struct json_object *o, struct link_fds *fds, struct err *e)
{
	const struct carrier *carrier;
	struct agent_way agent;

	int r = agent_way_vm(c, v, &agent, e);
	if (r || !agent.carried || (r = carrier_get(c, v->project, agent.way, &carrier, e)))
		return r;
	if ((fds->fd[fds->n] = fcntl(carrier->fd, F_DUPFD_CLOEXEC, 3)) < 0)
		return err_sys(e, "keep what brings the agent");
	fds->n++;
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
	bool medium = !row.wiped_at && !newborn;
	if (medium && ((r = medium_make(c, &row, &image, e)) || (r = medium_seal(&image, &fds.fd[0], e))))
		return err_wrap(e, "medium of %s", v->name);
	fds.n = medium;
	json_put_bool(o, "medium", fds.n != 0);
	if (fds.n && (r = add_carrier(c, v, o, &fds, e)))
		return r;
	v->run_token++;
	v->unproven_left = VM_UNPROVEN_MAX;
	v->deadline_at = clock_unix_s() + link_boot_deadline_s(c);
	vm_set_state(v, VM_BOOTING, "%s", fds.n == 2 ? "starting, with its medium and the agent" : fds.n ? "starting, with its medium" : "starting");
	if ((r = ctl_save(c, v, e)))
		return r;
	json_put_uint(o, "run_token", (uint64_t)v->run_token);
	if ((r = ask_with(c, FRAME_HOST_START, v, json_object_get(o), &fds, e)))
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

int link_vm_eject(struct ctl *c, struct vm *v, struct err *e)
{
	return link_pending(c->link, v->id, FRAME_HOST_EJECT) ? 0 : ask(c, FRAME_HOST_EJECT, v, for_run(v), e);
}

int link_vm_delete(struct ctl *c, const struct vm *v, struct err *e)
{
	return v->host_known || link_pending(c->link, v->id, FRAME_HOST_CREATE) ? ask(c, FRAME_HOST_DELETE, v, for_vm(v), e) : 0;
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

int link_vm_log(struct ctl *c, struct vm *v, uint64_t max_bytes, uint64_t *ret_req, struct err *e)
{
	struct json_object *o = for_vm(v);

	json_put_uint(o, "max_bytes", max_bytes);
	int r = ask(c, FRAME_HOST_LOG, v, o, e);
	if (!r)
		*ret_req = c->link->req;
	return r;
}

int link_backup(struct ctl *c, const char *dir, uint64_t *ret_req, struct err *e)
{
	const struct vm none = { 0 };
	struct json_object *o = json_object_new_object();

	json_put(o, "dir", dir);
	int r = ask(c, FRAME_HOST_BACKUP, &none, o, e);
	if (!r)
		*ret_req = c->link->req;
	return r;
}

bool link_take(struct ctl *c, uint64_t req, char **text, struct err *failed)
{
	for (struct answer **at = c->link ? &c->link->answers : NULL; at && *at; at = &(*at)->next) {
		struct answer *a = *at;
		if (a->req != req)
			continue;
		*at = a->next;
		*text = a->text;
		*failed = a->failed;
		free(a);
		return true;
	}
	return false;
}

int64_t link_boot_deadline_s(const struct ctl *c)
{
	const char *s = getenv("NATAL_BOOT_DEADLINE_S");
	uint64_t n;

	return s && text_number(s, &n) && n > 0 && n < 1 << 30 ? (int64_t)n : strcmp(link_accel(c), "kvm") == 0 ? BOOT_DEADLINE_S :
		BOOT_DEADLINE_TCG_S;
}
