/* loop.h - struct host: the state of one host_run(). One thread owns all of it. */
#pragma once
#include "controller/host/accel.h"
#include "controller/host/guest.h"

struct host {
	int link;                       /* to the controller */
	const char *state_dir;
	int dirfd;                      /* <state_dir>/host */
	struct accel accel;
	struct guest *guests;
	struct frame_reader in;
	struct buf out;
	int passed[START_FDS_MAX];      /* descriptors that came with the frames being read; -1: none */
	uint64_t seq;
};

/* The request BACKUP. */
int backup_request(struct host *h, struct json_object *body, uint64_t req, struct json_object *reply, struct err *e);
struct guest *host_find(struct host *h, const char *vm_id);
