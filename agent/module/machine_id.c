/* machine_id.c - machine-id(5): the VM's UUID, as systemd itself takes it on KVM, unless a credential has another; clones of an image differ in it. */
#include "agent/module/module.h"

int module_machine_id(struct builder *b, struct err *e)
{
	const char *uuid = b->config->machine_id ? b->config->machine_id : b->config->verified->manifest.vm.uuid;
	char *text = arena_alloc(&b->plan->arena, 40);
	size_t n = 0;

	for (; *uuid; uuid++)
		if (*uuid != '-')
			text[n++] = *uuid;
	text[n++] = '\n';
	want_item(b, "");
	struct fact there;
	if (facts_stat(b->facts, "/etc/machine-id", &there, e))
		return want_failed(b, e);
	/* systemd makes it 0444, and leaves the mode of one that the image has. */
	unsigned mode = there.kind == FACT_FILE ? there.mode : 0444;
	return want_file(b, &(struct want_file){ "/etc/machine-id", text, n, mode, 0, 0, false }, e) ? want_failed(b, e) : 0;
}
