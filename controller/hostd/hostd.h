/* hostd.h - natal-hostd: the code of controller/host on a machine of its own, which asks a controller for work over HTTPS (docs/FLEET.md, "Hosts").
 *
 * The host runs in a thread, behind a socketpair, as it does in natald.  The loop here carries frames: what the host says goes to whichever natald
 * answers, with the numbers of the requests that it has; what that asks goes to the host, a START with its medium fetched before.
 */
#pragma once
#include <pthread.h>
#include "controller/host/host.h"
#include "controller/hostd/asks.h"
#include "controller/hostd/identity.h"

/* One request at a time each: what is to be said; waiting for work; what is fetched. */
struct line { struct http_client http; struct http_reply reply; bool busy; int64_t deadline_ms; };

struct hostd {
	const char *state;
	struct identity *identity;
	/* the host */
	int fd, host_fd;
	pthread_t thread;
	struct host_config config;
	struct frame_reader from_host;
	char driver[16], accel[16];
	uint64_t seq;
	struct asks asks;
	/* the controller */
	size_t server;                          /* of identity's, which is tried */
	struct tls_peer peer;
	struct tls_client *tls;
	struct line send, wait, fetch;
	struct buf pending, sending;            /* whole frames: to be said; on their way. Those are said again where it failed */
	bool open, heard, greet;                /* greet: say HELLO anew */
	unsigned failures;
	int64_t retry_ms, renew_ms;             /* monotonic */
};

/* Until SIGTERM or SIGINT is read from signal_fd; SIGHUP: the certificate is renewed now. Guests go on. */
int hostd_run(struct hostd *h, int signal_fd, struct err *e);

/* host_side.c: the thread with the host, and its frames. */
int host_side_start(struct hostd *h, struct err *e);
void host_side_stop(struct hostd *h);
/* Takes what it said. unavailable: it has ended. */
int host_side_read(struct hostd *h, struct err *e);
int host_side_send(struct hostd *h, enum frame_type type, const void *body, size_t size, const int fds[2], struct err *e);
/* What the controller says: the frames of one reply. */
int host_side_take(struct hostd *h, const void *bytes, size_t n, struct err *e);
/* Requests that are not begun, a START with what it needs. unavailable: not now. */
int host_side_begin(struct hostd *h, struct err *e);
bool host_side_waits(const struct hostd *h);
/* Asks the host for its guests; HELLO follows. */
int host_side_greet(struct hostd *h, struct err *e);

/* GET path into a sealed memfd, over h->fetch. unavailable: not now; else the controller's refusal. */
int fetch_file(struct hostd *h, const char *path, int *ret_fd, struct err *e);
