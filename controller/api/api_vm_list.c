/* api_vm_list.c - machines as a list: pages in the order of their names, filters. */
#include <string.h>
#include "common/base/text.h"
#include "controller/api/page.h"
#include "controller/store/vm_page.h"

struct listing { struct ctl *c; struct json_object *array; };
static int list_one(void *arg, struct vm *v, struct err *e)
{
	struct listing *l = arg;
	struct json_object *o = json_object_new_object();

	json_put(o, "name", v->name);
	json_put(o, "id", v->id);
	json_put(o, "state", vm_state_name(v->state));
	json_put(o, "reason", v->reason);
	json_put_bool(o, "running", v->running);
	json_put(o, "host", v->host);
	json_put(o, "image", v->image);
	json_put(o, "uuid", v->uuid);
	api_add_parsed(o, "forwards", v->forwards);
	json_object_array_add(l->array, o);
	return 0;
}

/* "" for any; not-found with a near word. */
static int read_state(const char *word, int *ret, struct err *e)
{
	const char *words[VM_STATES + 1] = { NULL };

	*ret = -1;
	for (int i = 0; i < VM_STATES; i++) {
		words[i] = vm_state_name((enum vm_state)i);
		if (strcmp(word, words[i]) == 0)
			*ret = i;
	}
	if (*ret >= 0 || !*word)
		return 0;
	err_set(e, ERR_USAGE, "there is no state '%s'", word);
	err_suggest_all(e, word, words);
	return -(int)e->code;
}

int api_vm_list(struct ctl *c, struct request *rq, struct err *e)
{
	struct listing l = { c, NULL };
	char after[64];
	struct vm_page page = { .project = rq->project, .after = after, .prefix = rq->prefix, .host = rq->host, .image = rq->image };
	int r;

	if ((r = page_read(rq, &page.limit, after, e)) || (r = read_state(rq->state, &page.state, e)))
		return r;
	rq->reply = json_object_new_object();
	json_object_object_add(rq->reply, "vms", l.array = json_object_new_array());
	if ((r = vm_page(c->store, &page, list_one, &l, e)))
		return r;
	page_next(rq, page.next);
	return answer_digest(rq, e);
}
