/* guestd.h - natal-guestd: one dispatcher over one channel, for as long as the guest runs. docs/FLEET.md, natal-guestd(8).
 *
 * guestd_run() sleeps in poll(2) until a frame comes, the spool changes, natal-agent has ended, or something is due: a heartbeat, or sending
 * again what nobody has answered.  A controller that is away costs one look per backoff; nothing is lost by it, since what is to be said lies in
 * the spool and what is to be done is asked for anew with each HELLO.
 */
#pragma once
#include "agent/guestd/follow.h"
#include "agent/guestd/https.h"
#include "agent/guestd/opener.h"
#include "agent/guestd/outbox.h"
#include "agent/guestd/starter.h"
#include "agent/report/channel.h"
#include "common/wire/frame.h"

enum { GUESTD_HEARTBEAT_S = 60, GUESTD_ANSWER_MS = 5000, GUESTD_BACKOFF_MS = 1000, GUESTD_BACKOFF_MAX_MS = 300000 };

struct guestd {
	int root;
	size_t way_count, way;                  /* the ways to the controller, and which is tried */
	struct channel ways[2];
	struct channel *channel;                /* the open one, or NULL */
	struct https *https;
	struct frame_reader in;
	struct buf out;                         /* not written yet */
	struct opener opener;
	struct outbox outbox;
	struct follow follow;
	uint8_t key[32];
	char boot_id[37];
	uint64_t boot, seq;                     /* seq: of our own frames */
	bool greeted;                           /* HELLO was answered on this channel */
	int spool_fd, signal_fd;                /* inotify; signalfd */
	int64_t beat_ms, hello_ms, outbox_ms, fetch_ms, open_ms;        /* when it is due; monotonic */
	int64_t backoff_ms;
	uint64_t heartbeat_s, spread_ms;        /* as the controller said last */
};

struct guestd_options {
	const char *root, *channel;             /* NULL: the running system; natal.guest.0 */
	int signal_fd, starter_fd;              /* SIGTERM, SIGINT; starter.h */
	struct opener opener;                   /* of channel; not where it is https */
};
/* Until SIGTERM or SIGINT. not-found: this guest has no report key, so nobody has provisioned it; unavailable: the starter or the opener has ended, or the spool is another folder than it was. */
int guestd_run(const struct guestd_options *o, struct err *e);
