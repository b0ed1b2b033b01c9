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
	char accel[8];
};
void message_free(struct message *m);
/* The descriptors become the message's on success. */
int link_queue(struct link *l, enum frame_type type, const void *body, size_t size, const struct link_fds *fds, struct err *e);
bool link_pending(const struct link *l, const char *vm_id, enum frame_type type);
/* After the medium was ejected: look again, then wipe. */
int report_ejected(struct ctl *c, struct vm *v, struct err *e);
