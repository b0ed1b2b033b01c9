/* The host's code as a second process, spoken to by frames only: what docs/WIRE.md promises of requests, tokens and guests' frames. */
#include "tests/unit/unit.h"
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/data/json.h"
#include "common/wire/frame.h"
#include "controller/host/host.h"

static struct place { char dir[64]; int fd; pid_t pid; uint64_t req; struct frame_reader in; } p;
static struct err e;

static void host_begin(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	p.pid = fork();
	if (p.pid == 0) {
		close(pair[0]);
		_exit(host_run(pair[1], &(struct host_config){ p.dir }, &e) ? 1 : 0);
	}
	close(pair[1]);
	p.fd = pair[0];
	p.in = FRAME_READER;
}

/* It ends when its controller does. */
static void host_end(void)
{
	int status;

	close(p.fd);
	assert_int_equal(waitpid(p.pid, &status, 0), p.pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	frame_reader_fini(&p.in);
}

/* The next frame of this type; others are passed over. Its JSON, or where it is none its bytes. */
static struct json_object *next(enum frame_type type, struct buf *raw)
{
	struct json_object *o = NULL;
	struct frame f;
	bool have;

	for (;;) {
		for (frame_next(&p.in, &f, &have); have; frame_next(&p.in, &f, &have)) {
			if (f.type != type)
				continue;
			if (raw)
				buf_add(raw, f.body, f.body_size);
			else
				assert_ok(json_parse(f.body, f.body_size, "frame", &o, &e), e);
			return o;
		}
		char chunk[4096];
		struct pollfd wait = { p.fd, POLLIN, 0 };
		assert_int_equal(poll(&wait, 1, 10000), 1);
		ssize_t n = read(p.fd, chunk, sizeof chunk);
		assert_true(n > 0);
		assert_ok(frame_feed(&p.in, chunk, (size_t)n, &e), e);
	}
}

static void send_bytes(int type, const void *body, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(FRAME_BODY_MAX + 100);

	assert_ok(frame_write((enum frame_type)type, 1, body, size, NULL, &out, &e), e);
	assert_int_equal(fd_write_all(p.fd, out.data, out.size), 0);
}

/* A request of `text` ("" or fields with a comma behind each) and its reply. */
static struct json_object *ask(int type, const char *text)
{
	char body[4096];

	int n = snprintf(body, sizeof body, "{%s\"req\":%llu}", text, (unsigned long long)++p.req);
	send_bytes(type, body, (size_t)n);
	struct json_object *o = next(FRAME_HOST_REPLY, NULL);
	assert_int_equal(json_uint(o, "req", 0), p.req);
	return o;
}

static bool flag(struct json_object *o, const char *key)
{
	struct json_object *b = NULL;

	return json_object_object_get_ex(o, key, &b) && json_object_get_boolean(b);
}

static void accepted(int type, const char *text)
{
	scoped_json struct json_object *o = ask(type, text);

	if (!flag(o, "ok"))
		fail_msg("refused: %s", json_line(o));
}

static void refused(int type, const char *text, const char *reason, const char *message)
{
	scoped_json struct json_object *o = ask(type, text);
	struct json_object *why = NULL;

	assert_false(flag(o, "ok"));
	assert_true(json_object_object_get_ex(o, "error", &why));
	assert_string_equal(json_text(why, "reason"), reason);
	if (!strstr(json_text(why, "message"), message))
		fail_msg("said '%s', wanted '%s'", json_text(why, "message"), message);
}

#define UUID "\"uuid\":\"6f1c7a52-9a7e-4b1d-8b59-2f0c6d1e3a44\","
#define VM_A "\"vm_id\":\"vm-a\","
#define CREATE_A "\"driver\":\"none\"," VM_A UUID

static int setup(void **state)
{
	(void)state;
	snprintf(p.dir, sizeof p.dir, "/tmp/natal-host-XXXXXX");
	if (!mkdtemp(p.dir))
		return -1;
	host_begin();
	return 0;
}

static int teardown(void **state)
{
	char path[100];

	(void)state;
	host_end();
	snprintf(path, sizeof path, "%s/host/accel.json", p.dir);
	unlink(path);
	snprintf(path, sizeof path, "%s/host", p.dir);
	if (rmdir(path) != 0)
		fail_msg("%s is not empty", path);
	return rmdir(p.dir);
}

static void greets_first(void **state)
{
	struct json_object *guests;
	scoped_json struct json_object *o = next(FRAME_HOST_HELLO, NULL);

	(void)state;
	assert_string_equal(json_text(o, "driver"), "qemu");
	assert_true(json_object_object_get_ex(o, "guests", &guests));
	assert_int_equal(json_object_array_length(guests), 0);
}

static void a_run_token_only_grows(void **state)
{
	(void)state;
	accepted(FRAME_HOST_CREATE, CREATE_A);
	accepted(FRAME_HOST_EJECT, VM_A "\"run_token\":5,");
	refused(FRAME_HOST_EJECT, VM_A "\"run_token\":4,", "denied", "run token 4 of guest vm-a is older than 5");
	refused(FRAME_HOST_STOP, VM_A "\"run_token\":4,", "denied", "run token 4 of guest vm-a is older than 5");
	refused(FRAME_HOST_START, VM_A "\"run_token\":4,\"medium\":false,", "denied", "run token 4 of guest vm-a is older than 5");
	refused(FRAME_HOST_START, VM_A "\"medium\":false,", "denied", "run token 0 of guest vm-a is older than 5");
	accepted(FRAME_HOST_STOP, VM_A "\"run_token\":7,");
	host_end();
	host_begin();                   /* it is remembered on disk */
	refused(FRAME_HOST_STOP, VM_A "\"run_token\":6,", "denied", "run token 6 of guest vm-a is older than 7");
	accepted(FRAME_HOST_STOP, VM_A "\"run_token\":7,");
	accepted(FRAME_HOST_DELETE, VM_A);
}

static void asked_again(void **state)
{
	struct json_object *guests;

	(void)state;
	accepted(FRAME_HOST_CREATE, CREATE_A);
	accepted(FRAME_HOST_CREATE, CREATE_A);
	scoped_json struct json_object *o = ask(FRAME_HOST_LIST, "");
	assert_true(json_object_object_get_ex(o, "guests", &guests));
	assert_int_equal(json_object_array_length(guests), 1);
	assert_false(flag(json_object_array_get_idx(guests, 0), "running"));
	accepted(FRAME_HOST_DELETE, VM_A);
	accepted(FRAME_HOST_DELETE, VM_A);
}

#define F2 "{\"host\":1,\"guest\":1},{\"host\":1,\"guest\":1},"
#define F8 F2 F2 F2 F2
static void bad_requests(void **state)
{
	static const struct { int type; const char *text, *reason, *msg; } cases[] = {
		{ FRAME_HOST_START, VM_A "\"run_token\":1,", "not-found", "this host has no guest 'vm-a'" },
		{ FRAME_HOST_EJECT, "\"run_token\":1,", "not-found", "this host has no guest ''" },
		{ 30, "", "unsupported", "frame type 30 is no request" },
		{ FRAME_HOST_CREATE, "\"driver\":\"none\",\"vm_id\":\"../a\"," UUID, "format", "vm id '../a' holds more than a-z, 0-9 and '-'" },
		{ FRAME_HOST_CREATE, "\"driver\":\"xen\"," VM_A UUID, "unsupported", "host driver 'xen': there are qemu and none" },
		{ FRAME_HOST_CREATE, "\"driver\":\"none\"," VM_A "\"uuid\":\"x,y\",", "format", "'x,y' is not a lower-case UUID" },
		{ FRAME_HOST_CREATE, CREATE_A "\"channel\":\"tcp:1\",", "unsupported", "channel 'tcp:1'" },
		{ FRAME_HOST_CREATE, CREATE_A "\"forwards\":[{\"host\":1,\"guest\":70000}],", "format", "ports are 1 to 65535" },
		{ FRAME_HOST_CREATE, CREATE_A "\"forwards\":[" F8 "{\"host\":1,\"guest\":1}],", "limit", "9 port forwards: 8 at most" },
		{ FRAME_HOST_CREATE, CREATE_A "\"mac\":\"52:54:00:00:00:0,\",", "format", "'52:54:00:00:00:0,' is not a lower-case MAC address" },
		{ FRAME_HOST_CREATE, CREATE_A "\"cpus\":513,", "limit", "513 CPUs and 1024 MB: 512 and 4194304 at most" },
		{ FRAME_HOST_CREATE, CREATE_A "\"memory_mb\":4194305,", "limit", "1 CPUs and 4194305 MB" },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(cases[i].type, cases[i].text, cases[i].reason, cases[i].msg);
}

/* A forward without a host's port wants one chosen. */
static void a_forward_names_its_guest_port_only(void **state)
{
	(void)state;
	accepted(FRAME_HOST_CREATE, CREATE_A "\"forwards\":[{\"guest\":22}],");
	refused(FRAME_HOST_CREATE, "\"driver\":\"none\",\"vm_id\":\"vm-b\"," UUID "\"forwards\":[{\"host\":22}],", "format", "forward.guest is missing");
	accepted(FRAME_HOST_DELETE, VM_A);
}

static void a_guest_that_others_run(void **state)
{
	(void)state;
	accepted(FRAME_HOST_CREATE, CREATE_A);
	refused(FRAME_HOST_START, VM_A "\"run_token\":1,", "unsupported", "start guest vm-a: its host is 'none', others run it");
	refused(FRAME_HOST_START, VM_A "\"run_token\":1,\"medium\":true,", "internal", "START of guest vm-a came without its medium");
	refused(FRAME_HOST_START, VM_A "\"run_token\":1,\"medium\":true,\"agent\":\"floppy\",", "unsupported", "START of guest vm-a: agent 'floppy'");
	refused(FRAME_HOST_START, VM_A "\"run_token\":1,\"medium\":true,\"agent\":\"volume\",\"oem\":\"a,path=/etc/shadow\",", "format",
		"START of guest vm-a: an OEM string with a comma, or of more than 65536 bytes");
	accepted(FRAME_HOST_DELETE, VM_A);
}

/* What passes between a guest and its controller is the host's to carry and nobody's to open: byte for byte, both ways. */
static void carries_guest_frames_unopened(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	static const uint8_t key[32] = "not the host's";
	scoped_buf struct buf frame = BUF_MAX(4096), up = BUF_MAX(8192), down = BUF_MAX(8192);
	char text[400], got[4096];

	(void)state;
	snprintf(a.sun_path, sizeof a.sun_path, "%s.sock", p.dir);
	scoped_fd int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(listener, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(listener, 1), 0);
	snprintf(text, sizeof text, CREATE_A "\"channel\":\"unix:%s\",", a.sun_path);
	accepted(FRAME_HOST_CREATE, text);
	scoped_fd int guest = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	assert_true(guest >= 0);
	unlink(a.sun_path);

	assert_ok(frame_write(FRAME_STATUS, 9, "no JSON at all", 14, key, &frame, &e), e);
	assert_int_equal(fd_write_all(guest, "rubbish", 7), 0);
	assert_int_equal(fd_write_all(guest, frame.data, frame.size), 0);
	next(FRAME_HOST_FROM_GUEST, &up);
	assert_int_equal(up.size, 5 + frame.size);
	assert_memory_equal(up.data, "\4vm-a", 5);
	assert_memory_equal(up.data + 5, frame.data, frame.size);

	buf_add(&down, "\4vm-a", 5);
	buf_add(&down, frame.data, frame.size);
	send_bytes(FRAME_HOST_TO_GUEST, down.data, down.size);
	struct pollfd wait = { guest, POLLIN, 0 };
	assert_int_equal(poll(&wait, 1, 10000), 1);
	assert_int_equal(read(guest, got, sizeof got), frame.size);
	assert_memory_equal(got, frame.data, frame.size);
	accepted(FRAME_HOST_DELETE, VM_A);
}

/* Bytes that are no frames cost nothing: the reader goes on at the next magic. */
static void rubbish_between_requests(void **state)
{
	(void)state;
	assert_int_equal(fd_write_all(p.fd, "NTL1 is not yet a frame, NTL", 28), 0);
	send_bytes(FRAME_HOST_LIST, "no JSON", 7);
	send_bytes(FRAME_HOST_TO_GUEST, "\377x", 2);
	send_bytes(FRAME_HOST_TO_GUEST, "", 0);
	accepted(FRAME_HOST_LIST, "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(greets_first), T(a_run_token_only_grows), T(asked_again), T(bad_requests), T(a_guest_that_others_run), T(a_forward_names_its_guest_port_only),
		T(carries_guest_frames_unopened), T(rubbish_between_requests) };

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(t, NULL, NULL);
}
