/* boot.h - what the early stage tells the late one of the same boot: /run/natal/boot.json, gone with the boot.
 *
 * One of another boot_id is as good as none. */
#pragma once
#include <json-c/json.h>
#include "agent/plan/plan.h"

#define BOOT_PATH "/run/natal/boot.json"
/* "N BOOT_ID": how many boots of this guest had something to say, and the last of them. It outlives boots: by it the controller tells
 * a newer boot from one that is played to it again. */
#define BOOTS_PATH "/var/lib/natal/boots"

struct boot {
	char boot_id[37];
	uint64_t seq;                   /* of the last status frame */
	uint64_t number;                /* this boot's in BOOTS_PATH, or the next one; boot_count() makes it stand */
	bool counted;
	char phase[16];                 /* "applied", "unchanged", "failed"; "" before the early stage */
	bool ended;                     /* its last word has been said: the phase is the outcome */
	struct json_object *outcomes;   /* item key → outcome of this boot; owned */
	struct json_object *findings;   /* owned */
};

/* The kernel's boot id, and what BOOT_PATH has of this boot. */
int boot_load(int root, struct boot *ret, struct err *e);
/* Durable before anything of this boot is said under its key. */
int boot_count(int root, struct boot *b, struct err *e);
int boot_save(int root, const struct boot *b, struct err *e);
void boot_fini(struct boot *b);
