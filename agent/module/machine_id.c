/* machine_id.c - machine-id(5): one per birth, from the VM's UUID and instance-id, so that clones of an image differ. */
#include "agent/module/module.h"

#include <string.h>
#include "common/base/text.h"

int module_machine_id(struct builder *b, struct err *e)
{
	const struct manifest *m = &b->config->verified->manifest;
	char text[2 * 16 + 2];
	uint8_t digest[SHA256_SIZE];

	const char *seed = arena_printf(&b->plan->arena, "natal-machine-id-v1\n%s\n%s\n", m->vm.uuid, m->vm.instance_id);
	sha256(seed, strlen(seed), digest);
	digest[6] = (uint8_t)((digest[6] & 0x0f) | 0x40);      /* the form of a version 4 UUID, as systemd makes them */
	digest[8] = (uint8_t)((digest[8] & 0x3f) | 0x80);
	hex_encode(digest, 16, text);
	text[32] = '\n';
	text[33] = 0;
	want_item(b, "");
	int r = want_file(b, &(struct want_file){ "/etc/machine-id", arena_text(&b->plan->arena, text), 33, 0444, 0, 0, false }, e);
	return r ? want_failed(b, e) : 0;
}
