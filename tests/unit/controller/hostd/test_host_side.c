/* test_host_side.c - between the controller's frames and the host's: what is asked once, asked again, cannot be fetched, and what is none. */
#include "tests/unit/unit.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "common/data/json.h"
#include "controller/hostd/hostd.h"

static struct hostd h;
static struct err e;
static int host;                                /* the other end */
static enum err_code fetching;
static unsigned fetched;

/* In the place of hostd.c's. */
int fetch_file(struct hostd *unused, const char *path, int *ret_fd, struct err *err)
{
	(void)unused;
	fetched++;
	if (fetching)
		return err_set(err, fetching, "%s: no", path);
	*ret_fd = dup(0);
	return 0;
}

static int setup(void **state)
{
	int pair[2];

	(void)state;
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return -1;
	h = (struct hostd){ .fd = pair[0], .from_host = FRAME_READER, .pending = BUF_MAX(1 << 20) };
	host = pair[1];
	fetching = 0;
	fetched = 0;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	close(h.fd);
	close(host);
	buf_fini(&h.pending);
	frame_reader_fini(&h.from_host);
	asks_fini(&h.asks);
	return 0;
}

static void told(enum frame_type type, const char *body)
{
	scoped_buf struct buf b = BUF_MAX(1 << 20);

	assert_ok(frame_write(type, 1, body, strlen(body), NULL, &b, &e), e);
	assert_ok(host_side_take(&h, b.data, b.size, &e), e);
}

/* The next frame for the host; how many descriptors came with it. "": none. */
static void at_host(char body[4096], int *ret_fds)
{
	union { struct cmsghdr h; char bytes[CMSG_SPACE(2 * sizeof(int))]; } control;
	char bytes[4096] = "";
	struct iovec iov = { bytes, sizeof bytes };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control };
	ssize_t n = recvmsg(host, &m, MSG_DONTWAIT);
	struct cmsghdr *c = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;

	*ret_fds = c ? (int)((c->cmsg_len - CMSG_LEN(0)) / sizeof(int)) : 0;
	for (int i = 0; i < *ret_fds; i++) {
		int fd;
		memcpy(&fd, CMSG_DATA(c) + (size_t)i * sizeof fd, sizeof fd);
		close(fd);
	}
	snprintf(body, 4096, "%.*s", n > FRAME_HEADER_SIZE ? (int)(n - FRAME_HEADER_SIZE) : 0, bytes + FRAME_HEADER_SIZE);
}

static void host_says(enum frame_type type, const char *body)
{
	scoped_buf struct buf b = BUF_MAX(1 << 20);

	assert_ok(frame_write(type, 1, body, strlen(body), NULL, &b, &e), e);
	assert_int_equal(write(host, b.data, b.size), b.size);
	assert_ok(host_side_read(&h, &e), e);
}

/* The one frame that is to be said, and it is forgotten. */
static void says(enum frame_type type, const char *part)
{
	if (h.pending.size < FRAME_HEADER_SIZE)
		fail_msg("nothing is said");
	assert_int_equal((uint8_t)h.pending.data[8], type);
	if (!strstr(h.pending.data + FRAME_HEADER_SIZE, part))
		fail_msg("'%s' does not hold '%s'", h.pending.data + FRAME_HEADER_SIZE, part);
	buf_clear(&h.pending);
}

static void asked_twice_is_done_once(void **state)
{
	char body[4096];
	int fds;

	(void)state;
	told(FRAME_HOST_STOP, "{\"req\":7,\"vm_id\":\"vm-a\"}");
	told(FRAME_HOST_STOP, "{\"req\":7,\"vm_id\":\"vm-a\"}");
	assert_true(host_side_waits(&h));
	assert_ok(host_side_begin(&h, &e), e);
	assert_false(host_side_waits(&h));
	at_host(body, &fds);
	assert_string_equal(body, "{\"req\":7,\"vm_id\":\"vm-a\"}");
	at_host(body, &fds);
	assert_string_equal(body, "");
	host_says(FRAME_HOST_REPLY, "{\"req\":7,\"ok\":true}");
	says(FRAME_HOST_REPLY, "\"req\":7");
	/* The answer was lost: it is given again, and the host is not asked. */
	told(FRAME_HOST_STOP, "{\"req\":7,\"vm_id\":\"vm-a\"}");
	says(FRAME_HOST_REPLY, "\"ok\":true");
	assert_false(host_side_waits(&h));
}

static void what_a_start_needs(void **state)
{
	char body[4096];
	int fds;

	(void)state;
	told(FRAME_HOST_START, "{\"req\":1,\"vm_id\":\"vm-a\",\"medium\":true,\"agent\":\"volume\"}");
	told(FRAME_HOST_STOP, "{\"req\":2,\"vm_id\":\"vm-b\"}");
	fetching = ERR_UNAVAILABLE;             /* not now: it and those behind it wait */
	assert_err(host_side_begin(&h, &e), ERR_UNAVAILABLE, e, "/v1/host/media/vm-a: no");
	at_host(body, &fds);
	assert_string_equal(body, "");
	fetching = 0;
	assert_ok(host_side_begin(&h, &e), e);
	at_host(body, &fds);
	assert_int_equal(fds, 2);
	assert_non_null(strstr(body, "\"req\":1"));
	told(FRAME_HOST_START, "{\"req\":3,\"vm_id\":\"vm-c\",\"medium\":false}");
	fetched = 0;
	assert_ok(host_side_begin(&h, &e), e);
	assert_int_equal(fetched, 0);
	told(FRAME_HOST_START, "{\"req\":4,\"vm_id\":\"vm-d\",\"medium\":true}");
	fetching = ERR_CONFLICT;                /* never: that is the answer */
	assert_ok(host_side_begin(&h, &e), e);
	says(FRAME_HOST_REPLY, "\"reason\":\"conflict\"");
	assert_false(host_side_waits(&h));
}

static void frames_that_are_none(void **state)
{
	char body[4096];
	int fds;

	(void)state;
	e = ERR_NONE;
	told((enum frame_type)99, "{\"req\":1}");
	told(FRAME_HOST_BACKUP, "{\"req\":1,\"dir\":\"/\"}");
	told(FRAME_HOST_STOP, "{\"vm_id\":\"vm-a\"}");
	told(FRAME_HOST_STOP, "{");
	assert_false(host_side_waits(&h));
	assert_int_equal(e.code, 0);            /* and the loop goes on */
	told(FRAME_HOST_STOP, "{\"req\":5}");
	assert_true(host_side_waits(&h));
	told(FRAME_HOST_TO_GUEST, "x");
	at_host(body, &fds);
	assert_string_equal(body, "x");
}

static void greetings(void **state)
{
	char body[4096];
	int fds;

	(void)state;
	host_says(FRAME_HOST_HELLO, "{\"driver\":\"qemu\",\"accel\":\"tcg\",\"guests\":[]}");
	says(FRAME_HOST_HELLO, "tcg");
	assert_ok(host_side_greet(&h, &e), e);
	at_host(body, &fds);
	assert_string_equal(body, "{\"req\":0}");
	host_says(FRAME_HOST_REPLY, "{\"req\":0,\"ok\":true,\"guests\":[{\"vm_id\":\"vm-a\"}]}");
	says(FRAME_HOST_HELLO, "\"accel\":\"tcg\",\"guests\":[{\"vm_id\":\"vm-a\"}]");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = { CASE(asked_twice_is_done_once), CASE(what_a_start_needs), CASE(frames_that_are_none), CASE(greetings) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
