/* boot.h - what the early stage tells the late one of the same boot: /run/natal/boot.json, gone with the boot.
 *
 * One of another boot_id is as good as none. */
#pragma once
#include <json-c/json.h>
#include "agent/plan/plan.h"

#define BOOT_PATH "/run/natal/boot.json"

struct boot {
	char boot_id[37];
	uint64_t seq;                   /* of the last status frame */
	char phase[16];                 /* "applied", "unchanged", "failed"; "" before the early stage */
	struct json_object *outcomes;   /* item key → outcome of this boot; owned */
	struct json_object *findings;   /* owned */
};

/* The kernel's boot id, and what BOOT_PATH has of this boot. */
int boot_load(int root, struct boot *ret, struct err *e);
int boot_save(int root, const struct boot *b, struct err *e);
void boot_fini(struct boot *b);
