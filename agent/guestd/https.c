/* https.c - see https.h */
#include "agent/guestd/https.h"

#include <stdio.h>
#include <string.h>
#include <sys/timerfd.h>
#include "agent/guestd/backoff.h"
#include "agent/module/module.h"
#include "agent/report/report.h"
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/data/json.h"
#include "common/http/client.h"
#include "common/media/bundle.h"
#include "common/media/field.h"

#define FRAMES "/v1/guest/frames"
enum { WAIT_S = 55, BODY_MAX = FRAME_HEADER_SIZE + FRAME_BODY_MAX + (64 << 10), PEM_MAX = 128 << 10 };
/* A wait that ends before EARLY_MS is not asked again at once: a pause that doubles up to EARLY_MS too, or TOLD_MS where it brought a frame. */
enum { EARLY_MS = WAIT_S * 1000 / 2, PAUSE_MS = 1000, TOLD_MS = 5000 };

/* One connection of the two. */
struct line { struct http_client http; struct http_reply reply; bool busy; };

struct https {
	int root;
	size_t name_count, name;                /* name: which is tried */
	char names[BUNDLE_NAMES_MAX][128], host[128], port[8], controller[64];
	uint8_t pins[BUNDLE_PINS_MAX][SHA256_SIZE];
	uint8_t digest[SHA256_SIZE];            /* of what tls was made from */
	struct tls_peer peer;
	struct buf cert;
	struct secret *key;
	struct tls_client *tls;
	struct line send, wait;
	struct buf pending, inbox;              /* not asked yet; not read yet */
	int64_t asked_ms, again_ms, pause_ms;   /* the wait: since when; not before this, monotonic, 0: at any time; the next pause */
	int pause_fd;                           /* timerfd: again_ms has come */
	size_t tried;                           /* addresses, since one was heard */
	bool open, heard;                       /* heard: it has answered since it was opened */
	char boot_id[37];
};

int https_new(int root, const char *boot_id, struct https **ret, struct err *e)
{
	struct https *h = calloc(1, sizeof *h);

	if (!h)
		return err_nomem(e);
	*h = (struct https){ .root = root, .cert = BUF_MAX(PEM_MAX), .pending = BUF_MAX(BODY_MAX), .inbox = BUF_MAX(2 * BODY_MAX), .pause_ms = PAUSE_MS };
	h->send = (struct line){ HTTP_CLIENT(BODY_MAX + 4096), HTTP_REPLY(BODY_MAX), false };
	h->wait = (struct line){ HTTP_CLIENT(4096), HTTP_REPLY(BODY_MAX), false };
	snprintf(h->boot_id, sizeof h->boot_id, "%s", boot_id);
	h->pause_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (h->pause_fd < 0) {
		int r = err_sys(e, "make a timer");
		https_free(h);
		return r;
	}
	*ret = h;
	return 0;
}

static void hang_up(struct line *l)
{
	http_hang_up(&l->http);
	http_reply_fini(&l->reply);
	l->reply = HTTP_REPLY(BODY_MAX);
	l->busy = false;
}

static void forget_peer(struct https *h)
{
	hang_up(&h->send);
	hang_up(&h->wait);
	tls_client_free(give(h->tls));
	secret_free(give(h->key));
	buf_clear(&h->cert);
}

void https_free(struct https *h)
{
	if (!h)
		return;
	forget_peer(h);
	http_client_fini(&h->send.http);
	http_client_fini(&h->wait.http);
	http_reply_fini(&h->send.reply);
	http_reply_fini(&h->wait.reply);
	buf_fini(&h->cert);
	buf_fini(&h->pending);
	buf_fini(&h->inbox);
	if (h->pause_fd >= 0)
		close(h->pause_fd);
	free(h);
}

bool https_has_more(const struct https *h) { return h->name_count && h->tried % h->name_count; }
bool https_resumed(const struct https *h) { return h->tls && stream_tls_resumed(h->tls); }

/* What module report_key has kept of the manifest. */
static int read_controller(struct https *h, struct sha256 *sum, struct err *e)
{
	struct { char id[64]; struct json_object *names, *spki_pins; } c = { "" };
	static const struct json_field fields[] = {
		{ "id", JSON_TEXT, true, 0, 64 }, { "names", JSON_ARRAY, true, 64, 0 }, { "spki_pins", JSON_ARRAY, true, 72, 0 },
	};
	_Static_assert(offsetof(__typeof__(c), names) == 64 && offsetof(__typeof__(c), spki_pins) == 72, "the rows above");
	const struct field_rows names = { h->names[0], sizeof h->names[0], BUNDLE_NAMES_MAX };
	const struct field_digest_rows pins = { h->pins, BUNDLE_PINS_MAX };
	scoped_json struct json_object *o = NULL;
	scoped_buf struct buf text = BUF_MAX(64 << 10);
	size_t pin_count;
	bool absent;
	int r = file_read(h->root, CONTROLLER_PATH, &text, &absent, e);

	h->name_count = 0;
	if (r || absent)
		return r ? r : err_set(e, ERR_NOT_FOUND, "this guest knows no address of its controller");
	if ((r = json_parse(text.data, text.size, "controller", &o, e)) ||
	    (r = json_decode(o, fields, ARRAY_SIZE(fields), "controller", &c, e)) ||
	    (r = field_texts(c.names, "controller", "names", &names, &h->name_count, e)) ||
	    (r = field_digests(c.spki_pins, "controller", "spki_pins", &pins, &pin_count, e)))
		return r;
	snprintf(h->controller, sizeof h->controller, "%s", c.id);
	sha256_add(sum, text.data, text.size);
	return pin_count && h->name_count ? 0 : err_set(e, ERR_NOT_FOUND, "this guest's bundle named no address of its controller");
}

static int read_identity(struct https *h, struct buf *key, struct sha256 *sum, struct err *e)
{
	int r;

	if ((r = file_read(h->root, TLS_DIR "/cert.pem", &h->cert, NULL, e)) || (r = file_read(h->root, TLS_DIR "/chain.pem", &h->cert, NULL, e)) ||
	    (r = file_read(h->root, TLS_DIR "/key.pem", key, NULL, e)))
		return r;
	sha256_add(sum, h->cert.data, h->cert.size);
	sha256_add(sum, key->data, key->size);
	return 0;
}

/* "host:port", "[::1]:port". */
static int split_name(struct https *h, struct err *e)
{
	const char *name = h->names[h->name % h->name_count], *colon = strrchr(name, ':');
	bool bracket = *name == '[';

	if (!colon || (bracket && colon[-1] != ']'))
		return err_set(e, ERR_FORMAT, "the controller's address '%s' has no port", name);
	snprintf(h->host, sizeof h->host, "%.*s", (int)(colon - name) - 2 * bracket, name + bracket);
	snprintf(h->port, sizeof h->port, "%.7s", colon + 1);
	return 0;
}

/* The TLS client with its session is kept for as long as nothing of it has changed: a controller that comes back resumes it. */
static int https_open(struct channel *ch, int wait_ms, struct err *e)
{
	struct https *h = ch->own;
	scoped_buf struct buf key = BUF_MAX(PEM_MAX);
	uint8_t digest[SHA256_SIZE];
	struct sha256 sum;
	int r;

	(void)wait_ms;
	sha256_init(&sum);
	buf_clear(&h->cert);
	if ((r = read_controller(h, &sum, e)) || (r = read_identity(h, &key, &sum, e)) || (r = split_name(h, e)))
		return r;
	sha256_add(&sum, h->host, strlen(h->host));
	sha256_add(&sum, h->port, strlen(h->port));
	sha256_done(&sum, digest);
	if (!h->tls || !bytes_equal(digest, h->digest, sizeof digest)) {
		tls_client_free(give(h->tls));
		secret_free(give(h->key));
		if ((r = secret_copy(key.data, key.size + 1, &h->key, e)))
			return r;
		h->peer = (struct tls_peer){ .host = h->host, .port = h->port, .controller = h->controller, .cert_pem = h->cert.data, .key_pem = h->key };
		memcpy(h->peer.pin, h->pins[0], SHA256_SIZE);
		if ((r = tls_client_new(&h->peer, &h->tls, e)))
			return r;
		memcpy(h->digest, digest, sizeof digest);
	}
	h->send.http.tls = h->wait.http.tls = h->tls;
	h->send.http.host = h->wait.http.host = h->host;
	h->open = true;
	h->heard = ch->gone = false;
	return 0;
}

static void lost(struct channel *ch, const struct err *why)
{
	struct https *h = ch->own;

	fprintf(stderr, "natal-guestd: controller=%s:%s reason=%s message=\"%s\"\n", h->host, h->port, err_reason(why->code), why->msg);
	ch->gone = true;
	h->name++;                      /* the next one, next time */
	h->tried++;
}

static void ask(struct channel *ch, struct line *l, const char *path, struct buf *body)
{
	const struct http_request rq = { .method = "POST", .path = path, .body = body ? body->data : NULL, .body_size = body ? body->size : 0,
		.type = "application/octet-stream" };
	struct err why;

	http_reply_fini(&l->reply);
	l->reply = HTTP_REPLY(BODY_MAX);
	l->busy = http_ask(&l->http, &rq, &why) == 0;
	if (!l->busy)
		lost(ch, &why);
	if (body)
		buf_clear(body);
}

/* What is to be said goes first; once it was heard, somebody waits for news. The line that nobody needs meanwhile is let go of. */
static void kick(struct channel *ch)
{
	struct https *h = ch->own;
	char path[128];

	snprintf(path, sizeof path, FRAMES "?boot=%s", h->boot_id);
	if (!ch->gone && !h->send.busy && h->pending.size)
		ask(ch, &h->send, path, &h->pending);
	if (h->again_ms && clock_mono_ms() >= h->again_ms)
		h->again_ms = 0;
	if (ch->gone || h->wait.busy || h->send.busy || !h->heard || h->again_ms)
		return;
	h->asked_ms = clock_mono_ms();
	http_hang_up(&h->send.http);
	snprintf(path, sizeof path, FRAMES "?wait=%d&boot=%s", WAIT_S, h->boot_id);
	ask(ch, &h->wait, path, NULL);
}

static size_t https_write(struct channel *ch, const void *bytes, size_t n, int wait_ms)
{
	struct https *h = ch->own;

	(void)wait_ms;
	if (h->pending.size + n > h->pending.max)
		return 0;
	buf_add(&h->pending, bytes, n);
	h->again_ms = 0;                /* what is said now may change what there is to hear */
	h->pause_ms = PAUSE_MS;
	kick(ch);
	return n;
}

/* Somebody else waits with the same certificate (two copies of one disk: each throws the other out), or what it brought was known. */
static void pause_early(struct https *h, bool told)
{
	struct itimerspec at = { 0 };
	int64_t most = told ? TOLD_MS : EARLY_MS, now = clock_mono_ms();

	if (now - h->asked_ms >= EARLY_MS) {
		h->pause_ms = PAUSE_MS;
		return;
	}
	h->again_ms = now + backoff_spread(h->pause_ms < most ? h->pause_ms : most);
	h->pause_ms = backoff_doubled(h->pause_ms, most);
	at.it_value = (struct timespec){ h->again_ms / 1000, h->again_ms % 1000 * 1000000 };
	if (timerfd_settime(h->pause_fd, TFD_TIMER_ABSTIME, &at, NULL) < 0)
		h->again_ms = 0;
}

static void take(struct channel *ch, struct line *l)
{
	struct https *h = ch->own;
	struct err why = ERR_NONE;
	bool whole = false;

	if (!l->busy || ch->gone)
		return;
	if (http_take(&l->http, &l->reply, &whole, &why)) {
		lost(ch, &why);
		return;
	}
	if (!whole)
		return;
	l->busy = false;
	if (l->reply.status != 200) {
		err_set(&why, ERR_UNAVAILABLE, "it answers with status %u: %.150s", l->reply.status, l->reply.body.data ? l->reply.body.data : "");
		lost(ch, &why);
		return;
	}
	h->heard = true;
	h->tried = 0;
	if (l == &h->wait)
		pause_early(h, l->reply.body.size);
	buf_add(&h->inbox, l->reply.body.data, l->reply.body.size);
}

static size_t https_read(struct channel *ch, void *bytes, size_t n, int wait_ms)
{
	struct https *h = ch->own;

	(void)wait_ms;
	take(ch, &h->send);
	take(ch, &h->wait);
	kick(ch);
	if (n > h->inbox.size)
		n = h->inbox.size;
	if (n)                          /* nothing may have come yet: no memory either */
		memcpy(bytes, h->inbox.data, n);
	buf_drop(&h->inbox, n);
	return n;
}

static void https_close(struct channel *ch)
{
	struct https *h = ch->own;

	hang_up(&h->send);
	hang_up(&h->wait);
	buf_clear(&h->pending);
	buf_clear(&h->inbox);
	h->again_ms = 0;
	h->open = false;
}

static size_t https_poll(const struct channel *ch, bool writing, struct pollfd fds[CHANNEL_FDS_MAX])
{
	const struct https *h = ch->own;
	const struct line *lines[] = { &h->send, &h->wait };
	size_t n = 0;

	(void)writing;
	for (size_t i = 0; h->open && i < ARRAY_SIZE(lines); i++)
		if (lines[i]->busy && http_fd(&lines[i]->http) >= 0)
			fds[n++] = (struct pollfd){ http_fd(&lines[i]->http), http_events(&lines[i]->http), 0 };
	if (h->open && h->again_ms)     /* nobody waits then: it takes that line's place */
		fds[n++] = (struct pollfd){ h->pause_fd, POLLIN, 0 };
	return n;
}

struct channel https_channel(struct https *h)
{
	static const struct channel_kind kind = { "https", https_open, https_write, https_read, https_close, https_poll };

	return (struct channel){ .kind = &kind, .own = h, .fd = -1, .lock = -1 };
}
