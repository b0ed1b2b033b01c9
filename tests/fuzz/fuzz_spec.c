/* What is asked for, as JSON: a VM's spec and a change of its goal (the API), and a guest as its host is asked to make it. What spec_read() lets through makes
 * user-data, a network and names; what guest_spec_read() lets through holds only what may stand in a folder's name and in QEMU's options. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "common/data/json.h"
#include "controller/host/guest.h"
#include "controller/service/goal.h"
#include "controller/service/spec.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

static void a_machine(struct json_object *o)
{
	scoped_buf struct buf data = BUF_MAX(8 << 20), network = BUF_MAX(1 << 20);
	struct vm_spec s = { .memory_mb = 0 };
	struct err e = ERR_NONE;
	char names[8][128];
	size_t n = 0;

	if (spec_read(o, &s, &e)) {
		PROMISE(*e.msg);
		return;
	}
	if (spec_names(&s, names, 8, &n, &e) == 0)
		PROMISE(n <= 8);
	PROMISE(spec_user_data(&s, &data, &e) == 0 && spec_network(&s, "52:54:00:00:00:01", &network, &e) == 0);
}

static void a_change(struct json_object *o)
{
	struct goal_change g = { .state = "" };
	struct err e = ERR_NONE;

	if (json_decode(o, goal_change_fields, GOAL_CHANGE_FIELDS, "goal", &g, &e))
		PROMISE(*e.msg);
}

static void a_guest(struct json_object *o)
{
	static struct guest_spec s;
	struct err e = ERR_NONE;

	if (guest_spec_read(o, &s, &e)) {
		PROMISE(*e.msg);
		return;
	}
	PROMISE(*s.vm_id && !strpbrk(s.vm_id, "/., =") && strlen(s.uuid) == 36 && !strpbrk(s.uuid, "/., =") && !strpbrk(s.mac, "/., ="));
	for (size_t i = 0; i < s.forward_count; i++)
		PROMISE(s.forwards[i].host <= 65535 && s.forwards[i].guest && s.forwards[i].guest <= 65535);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_json struct json_object *o = NULL;
	struct err e = ERR_NONE;

	if (json_parse(bytes, size, "what is asked", &o, &e))
		return 0;
	a_machine(o);
	a_change(o);
	a_guest(o);
	return 0;
}
