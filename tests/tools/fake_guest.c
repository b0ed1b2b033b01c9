/* fake_guest.c - a SIMULATED guest: no machine, no agent. It takes a medium, listens where a guest's virtio-serial port would be, and
 * reports as the agent does.
 *
 *   fake_guest --medium ISO --trust DIR --uuid UUID --channel PATH [--boot ID] [--number N] [--as provisioned|failed|degraded|drifted|unchanged]
 * [--lie key|result|bundle|mac|nomac]
 *
 * Prints "ack SEQ" for each acknowledgement and ends when the last report is acknowledged (or, with a lie that is not answered, after 2 s).
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/crypto/sshkey.h"
#include "common/media/bundle.h"
#include "common/media/iso.h"
#include "common/media/statements.h"
#include "common/media/result.h"
#include "common/wire/frame.h"
#include "common/wire/goalframe.h"
#include "common/wire/status.h"
#include "controller/crypto/ca.h"

struct guest { const char *medium, *trust, *uuid, *channel, *boot, *as, *lie, *number, *hello, *from, *epoch; struct verified *bundle; int fd; uint64_t seq; };

static int open_medium(struct guest *g, struct err *e)
{
	scoped_free struct trust *trust = calloc(1, sizeof *trust);
	struct guest_facts facts = { .rtc_unix_s = (uint64_t)clock_unix_s() };
	scoped_fd int fd = open(g->medium, O_RDONLY | O_CLOEXEC);
	struct stat st;
	uint8_t *bytes;
	size_t size, bundle;
	int r;

	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(e, "open %s", g->medium);
	snprintf(facts.uuid, sizeof facts.uuid, "%s", g->uuid);
	if ((r = trust_load(AT_FDCWD, g->trust, "/nonexistent/policy.json", trust, e)) ||
		(r = iso_read_bundle(fd, (uint64_t)st.st_size, &bytes, &size, e)) || (r = statements_split(bytes, size, &bundle, e)))
		return r;
	return bundle_verify(bytes, bundle, trust, &facts, &g->bundle, e);
}

static int listen_and_accept(struct guest *g, struct err *e)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof a.sun_path, "%s", g->channel);
	unlink(g->channel);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0 || listen(fd, 1) < 0)
		return err_sys(e, "listen on %s", g->channel);
	struct pollfd p = { fd, POLLIN, 0 };
	if (poll(&p, 1, 10000) != 1)
		return err_set(e, ERR_UNAVAILABLE, "nobody opened the channel within 10 s");
	g->fd = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
	return g->fd < 0 ? err_sys(e, "accept") : 0;
}

static const struct blob *need(struct guest *g, const char *name)
{
	const struct blob *b = verified_blob(g->bundle, name);

	if (!b) {
		fprintf(stderr, "fake_guest: the bundle has no %s\n", name);
		exit(1);
	}
	return b;
}

static void add_keys(struct guest *g, struct status *s, struct err *e)
{
	struct json_object *ssh = json_object_new_object();
	const struct blob *cert = need(g, BLOB_TLS_CERT);
	struct cert_facts facts;

	s->keys = json_object_new_object();
	if (cert_facts((const char *)cert->bytes, cert->size, &facts, e))
		exit(1);
	if (g->lie && strcmp(g->lie, "key") == 0)
		facts.spki_sha256[0] ^= 1;
	json_put_hex(s->keys, "tls_spki", facts.spki_sha256, SHA256_SIZE);
	for (size_t i = 0; i < g->bundle->manifest.blob_count; i++) {
		const struct blob *b = &g->bundle->manifest.blobs[i];
		uint8_t digest[SHA256_SIZE];
		char type[SSHKEY_TYPE_MAX];
		size_t n = strlen(b->name);
		if (n < 4 || strcmp(b->name + n - 4, ".pub") != 0)
			continue;
		if (sshkey_digest((const char *)b->bytes, b->size, b->name, type, digest, e))
			exit(1);
		json_put_hex(ssh, type, digest, sizeof digest);
	}
	json_object_object_add(s->keys, "ssh", ssh);
}

static void add_items(struct status *s)
{
	static const char *const keys[] = { "ssh/hostkeys", "tls/certificate", "users/alice" };

	s->items = json_object_new_array();
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		struct json_object *row = json_object_new_array();
		json_object_array_add(row, json_object_new_string(keys[i]));
		json_object_array_add(row, json_object_new_string("done"));
		json_object_array_add(row, json_object_new_string("0000000000000000000000000000000000000000000000000000000000000000"));
		json_object_array_add(s->items, row);
	}
}

static int say(struct guest *g, enum status_phase phase, uint64_t k, const char *step, struct err *e)
{
	scoped(status_fini) struct status s = { .gen = 1, .seq = ++g->seq, .phase = phase, .k = k, .n = 3, .at_ms = 100 * k,
		.took_us = 1200 };
	scoped_buf struct buf body = BUF_MAX(FRAME_BODY_MAX), out = BUF_MAX(FRAME_BODY_MAX + 256);
	const uint8_t *key = need(g, BLOB_REPORT_KEY)->bytes;
	static const uint8_t wrong[32] = { 1 };

	if (g->number && !text_number(g->number, &s.boot))
		return err_set(e, ERR_USAGE, "--number %s", g->number);
	snprintf(s.boot_id, sizeof s.boot_id, "%s", g->boot);
	snprintf(s.step, sizeof s.step, "%s", step);
	memcpy(s.digest, g->bundle->digest, SHA256_SIZE);
	if (g->lie && strcmp(g->lie, "bundle") == 0)
		s.digest[0] ^= 1;
	if (phase == PHASE_FAILED) {
		s.findings = json_object_new_array();
		struct json_object *f = json_object_new_object();
		json_put(f, "level", "error");
		json_put(f, "item", "users/alice");
		json_put(f, "reason", "system");
		json_put(f, "message", "no space left on device");
		json_put(f, "hint", "make the root disk larger");
		json_object_array_add(s.findings, f);
	}
	if (status_phase_terminal(phase)) {
		add_keys(g, &s, e);
		add_items(&s);
		if (result_digest_json(s.digest, s.items, s.result, e))
			return -(int)e->code;
		if (g->lie && strcmp(g->lie, "result") == 0)
			s.result[0] ^= 1;
	}
	if (g->lie && strcmp(g->lie, "mac") == 0)
		key = wrong;
	if (g->lie && strcmp(g->lie, "nomac") == 0)
		key = NULL;
	int r;
	if ((r = status_write(&s, &body, e)) || (r = frame_write(FRAME_STATUS, s.seq, body.data, body.size, key, &out, e)))
		return r;
	return fd_write_all(g->fd, out.data, out.size) < 0 ? err_sys(e, "write to the channel") : 0;
}

/* Until the last report is acknowledged. */
static int acks(struct guest *g, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	const uint8_t *key = need(g, BLOB_REPORT_KEY)->bytes;
	struct pollfd p = { g->fd, POLLIN, 0 };
	char chunk[4096];
	struct frame f;
	bool have;

	while (poll(&p, 1, g->lie ? 2000 : 10000) == 1) {
		ssize_t n = read(g->fd, chunk, sizeof chunk);
		if (n <= 0)
			break;
		int r = frame_feed(&in, chunk, (size_t)n, e);
		if (r)
			return r;
		for (frame_next(&in, &f, &have); have; frame_next(&in, &f, &have)) {
			if (f.type != FRAME_ACK || !frame_authentic(&f, key))
				return err_set(e, ERR_UNTRUSTED, "an acknowledgement that is not under the VM's key");
			printf("ack %llu\n", (unsigned long long)f.seq);
			if (f.seq == g->seq)
				return 0;
		}
	}
	return err_set(e, ERR_UNAVAILABLE, "report %llu was not acknowledged", (unsigned long long)g->seq);
}

/* What natal-guestd says first. Prints the state of the goal that answers it, or "no answer" after 2 s. */
static int hello(struct guest *g, struct err *e)
{
	scoped(frame_reader_fini) struct frame_reader in = FRAME_READER;
	scoped_buf struct buf body = BUF_MAX(4096), out = BUF_MAX(8192);
	const uint8_t *key = need(g, BLOB_REPORT_KEY)->bytes;
	struct hello h = { .has = { .gen = g->bundle->manifest.sequence }, .version = "0" };
	struct pollfd p = { .events = POLLIN };
	char chunk[4096];
	struct frame f;
	struct goal goal;
	bool have = false;
	int r;

	if (g->epoch && !text_number(g->epoch, &h.has.epoch))
		return err_set(e, ERR_USAGE, "--epoch %s", g->epoch);
	snprintf(h.boot_id, sizeof h.boot_id, "%s", g->boot);
	memcpy(h.has.digest, g->bundle->digest, SHA256_SIZE);
	if ((r = listen_and_accept(g, e)) || (r = hello_write(&h, &body, e)) || (r = frame_write(FRAME_HELLO, 1, body.data, body.size, key, &out, e)))
		return r;
	if (fd_write_all(g->fd, out.data, out.size) < 0)
		return err_sys(e, "write to the channel");
	for (p.fd = g->fd; !have && poll(&p, 1, 2000) == 1;) {
		ssize_t n = read(g->fd, chunk, sizeof chunk);
		if (n <= 0 || (r = frame_feed(&in, chunk, (size_t)n, e)))
			break;
		frame_next(&in, &f, &have);
	}
	if (have && (r = goal_read(f.body, f.body_size, &goal, e)))
		return r;
	printf("%s\n", have ? goal_state_name(goal.state) : "no answer");
	return 0;
}

static enum status_phase phase_of(const char *name)
{
	for (int p = 0; p < PHASES; p++)
		if (strcmp(status_phase_name((enum status_phase)p), name) == 0)
			return (enum status_phase)p;
	fprintf(stderr, "fake_guest: no phase '%s'\n", name);
	exit(2);
}

static int run(struct guest *g, struct err *e)
{
	int r;

	if ((r = open_medium(g, e)))
		return r;
	if (g->hello)
		return hello(g, e);
	if ((r = listen_and_accept(g, e)) || (r = say(g, PHASE_FOUND, 0, "found", e)) ||
	    (r = say(g, PHASE_APPLYING, 1, "ssh/hostkeys", e)) || (r = say(g, PHASE_APPLYING, 2, "users/alice", e)) ||
	    (r = say(g, phase_of(g->as), 3, "tls/certificate", e)))
		return r;
	return acks(g, e);
}

int main(int argc, char **argv)
{
	struct guest g = { .boot = "11111111-2222-4333-8444-555555555555", .as = "provisioned", .fd = -1 };
	const struct { const char *name, **value; } options[] = {
		{ "--medium", &g.medium }, { "--trust", &g.trust }, { "--uuid", &g.uuid }, { "--channel", &g.channel },
			{ "--boot", &g.boot }, { "--as", &g.as },
		{ "--lie", &g.lie }, { "--number", &g.number }, { "--hello", &g.hello }, { "--from", &g.from }, { "--epoch", &g.epoch },
	};
	struct err e = ERR_NONE;

	for (int i = 1; i + 1 < argc; i += 2)
		for (size_t k = 0; k < ARRAY_SIZE(options); k++)
			if (strcmp(argv[i], options[k].name) == 0)
				*options[k].value = argv[i + 1];
	if (g.from && !text_number(g.from, &g.seq))
		return 2;
	if (!g.medium || !g.trust || !g.uuid || !g.channel || sodium_init() < 0)
		return 2;
	int r = run(&g, &e);
	if (r)
		err_print(&e);
	verified_free(g.bundle);
	return r ? err_exit_status(e.code) : 0;
}
