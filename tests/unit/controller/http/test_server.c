/* The HTTP server on its socket, with a table of its own: who is let in, and what is refused before any handler sees it. */
#include "tests/unit/unit.h"
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include "common/base/file.h"
#include "controller/http/server.h"

enum { NOBODY = 65534, SMALL = 64 };
static int nothing(struct ctl *c, struct request *rq, struct err *e) { (void)c; (void)rq; (void)e; return 0; }
const struct route routes[] = {
	{ "GET", "/v1/open", ROLE_OPERATOR, "", NULL, NULL, .handle = nothing },
	{ "POST", "/v1/open", ROLE_OPERATOR, "", NULL, NULL, .body_max = SMALL, .handle = nothing },
	{ "GET", "/v1/guests", ROLE_GUEST, "", NULL, NULL, .handle = nothing },
};
const size_t route_count = ARRAY_SIZE(routes);

static char dir[64], path[80];
static struct server *server;
static struct err e;

static int setup(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/natal-http-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/s", dir);
	return server_start(path, &server, &e);
}

static int teardown(void **state)
{
	(void)state;
	server_stop(server);
	return rmdir(dir);
}

/* Sends text as that user (0: as it is), and writes what comes back to fd. */
static void client(uid_t uid, const char *text, int fd)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	char chunk[4096];
	ssize_t n;

	snprintf(a.sun_path, sizeof a.sun_path, "%s", path);
	int s = socket(AF_UNIX, SOCK_STREAM, 0);
	if ((uid && setuid(uid) < 0) || connect(s, (struct sockaddr *)&a, sizeof a) < 0) {
		dprintf(fd, "no connection: %s", strerror(errno));
		_exit(1);
	}
	fd_write_all(s, text, strlen(text));
	while ((n = read(s, chunk, sizeof chunk)) > 0)
		fd_write_all(fd, chunk, (size_t)n);
	_exit(0);
}

/* One request; the reply stands in `reply`. How many requests were handed over. */
static int ask(uid_t uid, const char *text, char *reply, size_t size)
{
	int pipes[2], taken = 0;
	size_t n = 0;
	ssize_t got;

	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0)
		client(uid, text, pipes[1]);
	close(pipes[1]);
	for (bool open = true; open;) {
		struct pollfd fds[] = { { pipes[0], POLLIN, 0 }, { server_fd(server), POLLIN, 0 } };
		assert_true(poll(fds, 2, 10000) > 0);
		do {
			for (struct request *rq; (rq = server_take(server)); server_reply(server, rq))
				taken++;
			server_run(server);
		} while (server_has(server));
		if (!fds[0].revents)
			continue;
		got = read(pipes[0], reply + n, size - 1 - n);
		open = got > 0;
		n += open ? (size_t)got : 0;
	}
	reply[n] = 0;
	close(pipes[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	return taken;
}

#define END " HTTP/1.1\r\nHost: n\r\nConnection: close\r\n"
static void replies(uid_t uid, const char *text, const char *status, const char *says, int wanted)
{
	char reply[8192];
	int taken = ask(uid, text, reply, sizeof reply);

	if (strncmp(reply, status, strlen(status)) != 0 || !strstr(reply, says))
		fail_msg("wanted %s and '%s', got: %s", status, says, reply);
	assert_int_equal(taken, wanted);
}

static void the_same_user(void **state)
{
	(void)state;
	replies(0, "GET /v1/open" END "\r\n", "HTTP/1.1 200", "", 1);
}

static void another_user(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(dir, 0711) | chmod(path, 0666), 0);      /* opened by mistake */
	replies(NOBODY, "GET /v1/open" END "\r\n", "HTTP/1.1 403", "this natald serves user 0 and root, not user 65534", 0);
	replies(NOBODY, "GET /v1/nothing" END "\r\n", "HTTP/1.1 403", "not user 65534", 0);
	replies(0, "GET /v1/open" END "\r\n", "HTTP/1.1 200", "", 1);
}

static void the_socket_is_0600(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
}

static void another_role(void **state)
{
	(void)state;
	replies(0, "GET /v1/guests" END "\r\n", "HTTP/1.1 403", "/v1/guests is for the role guest, and you are operator local", 0);
}

/* Cut, two of them would be one. */
static void too_long(void **state)
{
	char text[REQUEST_PATH_MAX + 600], many[SMALL + 2];

	(void)state;
	memset(many, 'x', sizeof many - 1);
	many[sizeof many - 1] = 0;
	snprintf(text, sizeof text, "GET /v1/open?project=%s" END "\r\n", many);
	replies(0, text, "HTTP/1.1 413", "\"reason\":\"limit\"", 0);
	snprintf(text, sizeof text, "GET /v1/open" END "Idempotency-Key: %s%s\r\n\r\n", many, many);
	replies(0, text, "HTTP/1.1 413", "Idempotency-Key", 0);
	snprintf(text, sizeof text, "GET /%0*d" END "\r\n", REQUEST_PATH_MAX, 1);
	replies(0, text, "HTTP/1.1 413", "the path or the method is too long", 0);
	snprintf(text, sizeof text, "POST /v1/open" END "Content-Length: %zu\r\n\r\n%s", strlen(many), many);
	replies(0, text, "HTTP/1.1 413", "the request body", 0);
	many[SMALL] = 0;
	snprintf(text, sizeof text, "POST /v1/open" END "Content-Length: %zu\r\n\r\n%s", strlen(many), many);
	replies(0, text, "HTTP/1.1 200", "", 1);
}

/* One component stays one, whatever stands for its bytes; and a header that should guard something guards nothing when it is empty. */
static void what_is_escaped(void **state)
{
	(void)state;
	replies(0, "GET /v1%2Fopen" END "\r\n", "HTTP/1.1 404", "there is nothing at /v1%2Fopen", 0);
	replies(0, "GET /v1/open%00x" END "\r\n", "HTTP/1.1 404", "/v1/open%00x", 0);
	replies(0, "GET /v1/%6fpen" END "\r\n", "HTTP/1.1 200", "", 1);
	replies(0, "GET /v1/op%4" END "\r\n", "HTTP/1.1 404", "/v1/op%4", 0);
	replies(0, "GET /v1/open" END "If-Match: \r\n\r\n", "HTTP/1.1 400", "the header If-Match is empty", 0);
}

/* A request that came when nobody takes any more is told so, and does not keep the server from ending. */
static void left_when_it_ends(void **state)
{
	int pipes[2];
	char reply[4096];

	(void)state;
	assert_int_equal(pipe(pipes), 0);
	pid_t pid = fork();
	if (pid == 0)
		client(0, "GET /v1/open" END "\r\n", pipes[1]);
	close(pipes[1]);
	while (!server_has(server)) {
		struct pollfd f = { server_fd(server), POLLIN, 0 };
		assert_true(poll(&f, 1, 10000) > 0);
		server_run(server);
	}
	server_stop(server);
	server = NULL;
	ssize_t n = read(pipes[0], reply, sizeof reply - 1);
	reply[n > 0 ? n : 0] = 0;
	if (strncmp(reply, "HTTP/1.1 503", 12) != 0 || !strstr(reply, "natald is stopping"))
		fail_msg("got: %s", reply);
	close(pipes[0]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
int main(void)
{
	const struct CMUnitTest t[] = { T(the_same_user), T(another_user), T(the_socket_is_0600), T(another_role), T(too_long),
		T(what_is_escaped), T(left_when_it_ends) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
