/* What natald reads of its hosts: greetings, replies to each thing that they are asked, events, guests' frames in their wrapping. The first byte says
 * of which host (the embedded one, or one of its own) and what kind of frame, the rest is its body. The store has a machine of each, and of each
 * machine one request of every type, numbered as the type is. Whatever a host says: natald goes on, and what it keeps of it is text. */
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "tests/fuzz/fuzz.h"
#include "common/base/text.h"
#include "controller/crypto/seal.h"
#include "controller/service/link_priv.h"
#include "controller/service/remote.h"
#include "controller/service/waiters.h"
#include "controller/store/bundle_row.h"
#include "controller/store/host.h"
#include "controller/store/host_ask.h"

#define HOST "h1"
static const char *const ids[] = { "vm-a", "vm-b" };            /* the embedded host's, and the other's */
static const enum frame_type asked_types[] = {
	FRAME_HOST_START, FRAME_HOST_STOP, FRAME_HOST_DELETE, FRAME_HOST_EJECT, FRAME_HOST_FORWARD, FRAME_HOST_CREATE, FRAME_HOST_LOG,
	FRAME_HOST_BACKUP, FRAME_HOST_INPUT,
};
static char dir[] = "/tmp/natal-fuzz.XXXXXX";
static struct ctl c;
static struct link l;
static struct host_have have;

static int drop(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
	(void)st;
	(void)flag;
	(void)ftw;
	return remove(path);
}
static void remove_dir(void) { nftw(dir, drop, 8, FTW_DEPTH | FTW_PHYS); }

static void add_machine(const char *id, const char *host)
{
	struct vm v = { .state = VM_BOOTING, .sequence = 1, .run_token = 1, .running = true, .host_known = true, .unproven_left = VM_UNPROVEN_MAX };
	scoped_bundle_row struct bundle_row row = BUNDLE_ROW;
	scoped_buf struct buf sealed = BUF_MAX(VM_REPORT_KEY_SEALED_MAX);
	static const uint8_t key[32] = { 1 };
	struct err e;

	snprintf(v.id, sizeof v.id, "%s", id);
	snprintf(v.project, sizeof v.project, "default");
	snprintf(v.name, sizeof v.name, "web-%s", id);
	snprintf(v.uuid, sizeof v.uuid, "uuid-%s", id);
	snprintf(v.host, sizeof v.host, "%s", host);
	snprintf(v.image, sizeof v.image, "debian-12");
	v.spec = strdup("{}");
	v.forwards = strdup("[]");
	PROMISE(seal(c.seal, id, key, sizeof key, &sealed, &e) == 0 && sealed.size <= sizeof v.report_key);
	memcpy(v.report_key, sealed.data, sealed.size);
	v.report_key_size = sealed.size;
	PROMISE(vm_insert(c.store, &v, &e) == 0);
	snprintf(row.vm_id, sizeof row.vm_id, "%s", id);
	snprintf(row.project, sizeof row.project, "default");
	row.sequence = 1;
	row.stage = BUNDLE_SIGNED;
	buf_str(&row.keys, "{}");
	buf_str(&row.intent, "{}");
	buf_str(&row.spki, "spki");
	buf_str(&row.secrets, "sealed parts");
	PROMISE(bundle_row_insert(c.store, &row, &e) == 0);
	vm_fini(&v);
}

static void add_asked(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked_types); i++) {
		struct host_ask a = { .host = HOST, .req = asked_types[i], .at_ns = (int64_t)i + 1, .type = asked_types[i], .body = (char *)"{}" };
		struct err e;
		snprintf(a.vm_id, sizeof a.vm_id, "%s", ids[1]);
		PROMISE(host_ask_add(c.store, &a, &e) == 0);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char path[64];
	struct err e;

	(void)argc;
	(void)argv;
	PROMISE(sodium_init() >= 0 && mkdtemp(dir) && atexit(remove_dir) == 0);
	snprintf(path, sizeof path, "%s/natal.db", dir);
	l = (struct link){ .fd = -1, .in = FRAME_READER };
	c = (struct ctl){ .state_dir = dir, .link = &l, .id = "ctl-1", .instance = "nd-1" };
	PROMISE((stderr = fopen("/dev/null", "w")));            /* natald's log; a sanitizer and libFuzzer have their own */
	PROMISE(store_open(path, &c.store, &e) == 0 && secret_new(SEAL_KEY_SIZE, &c.seal, &e) == 0 && waiters_new(&c.waiters, &e) == 0);
	PROMISE(store_turn_begin(c.store, &e) == 0);
	add_machine(ids[0], "local");
	add_machine(ids[1], HOST);
	add_asked();
	PROMISE(host_put(c.store, &(struct host){ .name = HOST, .seen_at = 1 }, &e) == 0 && store_turn_commit(c.store, &e) == 0);
	return 0;
}

/* In the link's list as they were asked. */
static void ask_embedded(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(asked_types); i++) {
		struct pending *p = calloc(1, sizeof *p);
		PROMISE(p);
		*p = (struct pending){ .next = l.pending, .req = asked_types[i], .type = asked_types[i] };
		snprintf(p->vm_id, sizeof p->vm_id, "%s", ids[0]);
		l.pending = p;
	}
}

static void forget(void)
{
	struct pending **lists[] = { &l.pending, &l.answered };

	for (struct message *m; (m = l.first);) {
		l.first = m->next;
		message_free(m);
	}
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
		for (struct pending *p; (p = *lists[i]);) {
			*lists[i] = p->next;
			free(p);
		}
	for (struct answer *a; (a = l.answers);) {
		l.answers = a->next;
		free(a->text);
		free(a);
	}
	frame_reader_fini(&l.in);
	l.in = FRAME_READER;
}

/* A store of the other kind refuses what is no UTF-8, and an operator's terminal obeys what is a command. */
static void promise_text(const char *text)
{
	char copy[sizeof ((struct vm *)0)->reason];

	snprintf(copy, sizeof copy, "%s", text);
	text_printable(copy);
	PROMISE(strcmp(copy, text) == 0);
}

static void look(void)
{
	struct host h;
	struct err e;
	bool absent;

	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		scoped_vm struct vm v = { 0 };
		scoped_json struct json_object *forwards = NULL;
		PROMISE(vm_get_by_id(c.store, ids[i], &v, &absent, &e) == 0 && !absent);
		promise_text(v.reason);
		PROMISE(!*v.ek_sha256 || (strlen(v.ek_sha256) == 64 && strspn(v.ek_sha256, "0123456789abcdef") == 64));
		PROMISE(json_parse(v.forwards, strlen(v.forwards), "forwards", &forwards, &e) == 0 && json_object_is_type(forwards, json_type_array));
	}
	PROMISE(host_get(c.store, HOST, &h, &absent, &e) == 0 && !absent);
	promise_text(h.driver);
	promise_text(h.accel);
	promise_text(l.accel);
}

static void by_embedded(enum frame_type type, const uint8_t *body, size_t size)
{
	scoped_buf struct buf bytes = BUF_MAX(FRAME_BODY_MAX + 4096);
	struct err e;

	ask_embedded();
	PROMISE(frame_write(type, 1, body, size, NULL, &bytes, &e) == 0 && frame_feed(&l.in, bytes.data, bytes.size, &e) == 0);
	link_turn_begin(&c);
	PROMISE(link_handle(&c, &e) == 0 && !l.held);
	link_turn_end(&c, true);
}

static void by_its_own(enum frame_type type, const uint8_t *body, size_t size)
{
	scoped_buf struct buf into = BUF_MAX(8 << 20);
	const struct host_talk talk = { HOST, &into };
	const struct frame f = { .type = type, .seq = 1, .body = body, .body_size = size };
	struct err e = ERR_NONE;

	c.talk = &talk;
	have.count = 0;
	if (remote_take(&c, &f, &have, &e))
		PROMISE(*e.msg && e.code != ERR_INTERNAL && e.code != ERR_SYSTEM);
	PROMISE(remote_tell(&c, &have, true, &e) == 0);
	c.talk = NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const enum frame_type types[] = { FRAME_HOST_HELLO, FRAME_HOST_REPLY, FRAME_HOST_EVENT, FRAME_HOST_FROM_GUEST, FRAME_HOST_HAVE, FRAME_STATUS };
	struct err e;

	if (size < 1 || size > FRAME_BODY_MAX)
		return 0;
	PROMISE(store_turn_begin(c.store, &e) == 0);
	(bytes[0] & 1 ? by_its_own : by_embedded)(types[(bytes[0] >> 1) % ARRAY_SIZE(types)], bytes + 1, size - 1);
	look();
	store_turn_abort(c.store);
	forget();
	l.greeted = false;
	*l.accel = 0;
	c.wakes.count = 0;
	return 0;
}
