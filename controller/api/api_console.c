/* api_console.c - a machine's serial console: its end as text, what it prints as it is, and what is typed into it. */
#include <string.h>
#include "common/base/text.h"
#include "controller/api/api.h"
#include "controller/service/link.h"

enum { HOST_ANSWER_MS = 90000, LOG_DEFAULT = 64 << 10, INPUT_MAX = 4096 };
enum { PHASE_NEW, PHASE_ASKED };

struct input_body { char input[8192]; };
static const struct json_field input_fields[] = { JSON_FIELD(struct input_body, input, JSON_TEXT, true) };
const struct schema schema_console_input = { "input", input_fields, ARRAY_SIZE(input_fields), NULL, false };

/* What the host answered; *ret false: not yet, and the request waits. */
static int answered(struct ctl *c, struct request *rq, const struct vm *v, char **ret, struct err *e)
{
	struct link_answer answer = { NULL };
	bool there;
	int r = link_take(c, v, rq->ticket, &answer, &there, e);

	if (r || !there)
		return r ? r : request_park(rq, HOST_ANSWER_MS, e);
	if (answer.failed.code) {
		free(answer.text);
		*e = answer.failed;
		return -(int)e->code;
	}
	*ret = answer.text;
	return 0;
}

/* "END BASE64". */
static int put_chunk(struct request *rq, char *text, struct err *e)
{
	char *base64 = strchr(text, ' ');
	uint64_t end;

	if (!base64)
		return err_set(e, ERR_INTERNAL, "the host's word about the console is malformed");
	*base64++ = 0;
	if (!text_number(text, &end))
		return err_set(e, ERR_INTERNAL, "the host's word about the console is malformed");
	json_put(rq->reply, "bytes", base64);
	json_put_uint(rq->reply, "end", end);
	return 0;
}

static int not_here(const struct vm *v, struct err *e)
{
	err_set(e, ERR_UNSUPPORTED, "VM %s has host '%s' and no image: others start it, and have its console", v->name, v->host);
	err_hint(e, "look where it runs; natalctl vm wait %s follows it", v->name);
	return -(int)e->code;
}

int api_vm_log(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_free char *text = NULL;
	scoped_vm struct vm v = { 0 };
	uint64_t from = 0;
	int r;

	if (*rq->after && !text_number(rq->after, &from))
		return err_set(e, ERR_USAGE, "after=%s is no offset", rq->after);
	if ((r = ctl_vm(c, rq->project, rq->name, &v, e)))
		return r;
	if (vm_by_others(&v))
		return not_here(&v, e);
	if (rq->phase == PHASE_NEW) {
		rq->phase = PHASE_ASKED;
		r = *rq->after ? link_vm_console(c, &v, from, &rq->ticket, e) : link_vm_log(c, &v, request_number(rq->max, LOG_DEFAULT), &rq->ticket, e);
		if (r)
			return r;
	}
	if ((r = answered(c, rq, &v, &text, e)) || !text)
		return r;
	rq->reply = json_object_new_object();
	if (*rq->after)
		return put_chunk(rq, text, e);
	json_put(rq->reply, "text", text);
	return 0;
}

int api_vm_console(struct ctl *c, struct request *rq, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(INPUT_MAX);
	struct input_body body = { .input = "" };
	scoped_free char *text = NULL;
	scoped_vm struct vm v = { 0 };
	int r;

	if ((r = json_decode(rq->json, input_fields, ARRAY_SIZE(input_fields), "input", &body, e)) ||
	    (r = base64_decode(body.input, strlen(body.input), "input", &bytes, e)) || (r = ctl_vm(c, rq->project, rq->name, &v, e)))
		return r;
	if (vm_by_others(&v))
		return not_here(&v, e);
	if (!v.running)
		return err_set(e, ERR_CONFLICT, "VM %s does not run here: nobody reads its console", v.name);
	if (rq->phase == PHASE_NEW) {
		rq->phase = PHASE_ASKED;
		if ((r = link_vm_input(c, &v, body.input, &rq->ticket, e)))
			return r;
	}
	if ((r = answered(c, rq, &v, &text, e)) || !text)
		return r;
	rq->reply = json_object_new_object();
	return 0;
}
