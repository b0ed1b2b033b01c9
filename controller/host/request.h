/* request.h - what a controller may ask of a host, and what the host says to it: docs/WIRE.md "Host frames".
 *
 * host_handle() serves one frame; all answers are appended to h->out and leave with the loop's next write.
 */
#pragma once
#include "controller/host/loop.h"

void host_handle(struct host *h, const struct frame *f);

void host_send(struct host *h, enum frame_type type, const void *body, size_t size);
void host_send_json(struct host *h, enum frame_type type, struct json_object *o);
void host_send_event(struct host *h, const struct guest *g, const char *event, const char *detail);
void host_reply_error(struct host *h, uint64_t req, const struct err *e);
/* {"req":…,"ok":true}, the caller's. */
struct json_object *host_ok_reply(uint64_t req);
struct json_object *host_guests_json(const struct host *h);

/* A CREATE has come to its end; a half-made guest leaves nothing behind. */
void host_created(struct host *h, const struct guest *g, uint64_t req);
void host_create_failed(struct host *h, struct guest *g, uint64_t req, const struct err *e);
/* Its processes have ended: on record, and answered where a STOP waits. */
void host_stopped(struct host *h, struct guest *g);
/* Off the list and freed; processes and files stay. */
void host_forget(struct host *h, struct guest *g);
/* START: 1, and its reply goes out when the guest answers or will not. conflict: one is under way. */
int start_begin(struct host *h, struct guest *g, struct json_object *body, uint64_t req, struct err *e);
/* Descriptors belong to the START that names them; they may arrive with the frames just before it. */
void start_drop_passed(struct host *h);
/* Goes on with a START that is under way; never waits. */
void start_step(struct host *h, struct guest *g);
/* Ends one that is under way. */
void start_abort(struct host *h, struct guest *g, const char *why);
void host_channel_close(struct guest *g);
enum { CHANNEL_RETRY_MS = 100 };
