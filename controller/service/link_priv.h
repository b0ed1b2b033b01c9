/* link_priv.h - what the files of the host channel share. */
#pragma once
#include <pthread.h>
#include "common/data/json.h"
#include "common/wire/frame.h"
#include "controller/host/host.h"
#include "controller/service/link.h"

/* What goes with a START: the medium, and what brings the agent. */
enum { LINK_FDS_MAX = 2 };
struct link_fds { size_t n; int fd[LINK_FDS_MAX]; };

struct message { struct message *next; uint64_t seq; struct buf bytes; size_t sent; struct link_fds fds; };
/* A request that the host has not answered. */
struct pending { struct pending *next; uint64_t req; enum frame_type type; char vm_id[STORE_ID_MAX]; };
/* An answer that somebody has to fetch. */
struct answer { struct answer *next; uint64_t req; char *text; struct err failed; };

struct link {
	int fd, host_fd;
	bool threaded, fed, greeted;
	pthread_t thread;
	pid_t pid;
	struct host_config config;
	struct frame_reader in;
	struct message *first;
	uint64_t seq, req;
	struct pending *pending;
	struct answer *answers;
	/* of the turn */
	struct link_mark began;
	struct pending *answered;               /* their replies were handled: open again if it fails */
	size_t read_to;                         /* where the turn began to take frames */
	bool took, again;                       /* again: the frames of a turn that failed wait for the next one */
	bool held;                              /* one could not be taken now: it and those behind it wait too */
	char accel[8];
};
void message_free(struct message *m);
/* The descriptors become the message's on success. */
int link_queue(struct link *l, enum frame_type type, const void *body, size_t size, const struct link_fds *fds, struct err *e);
/* Is a request of this type open? */
int link_pending(struct ctl *c, const struct vm *v, enum frame_type type, bool *ret, struct err *e);
/* What a host said; host NULL: the embedded one. Only its own VMs are touched. */
struct asked { enum frame_type type; const char *vm_id, *host; };
int link_answered(struct ctl *c, const struct asked *a, struct json_object *reply, struct err *e);
int link_event(struct ctl *c, const char *host, struct json_object *o, struct err *e);
/* Which guests it has: the store's rows and they are brought together. */
int link_reconcile(struct ctl *c, const char *host, struct json_object *greeting, struct err *e);
/* Is its answer kept for link_take()? */
bool link_keeps_answer(enum frame_type type);
/* The error of a reply that is not ok; false where it is. */
bool link_failed(struct json_object *reply, struct err *ret);
/* After the medium was ejected: look again, then wipe. */
int report_ejected(struct ctl *c, struct vm *v, struct err *e);
