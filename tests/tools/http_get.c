/* http_get - asks a natald as its clients do (common/http), several times.
 *
 *   http_get HOST PORT PIN CERT KEY PATH  < lines
 * Each line is one step: "get" asks and prints "STATUS new|resumed|kept"; "hang-up" lets the connection go; "wait PATH" asks for PATH and polls
 * the descriptor by itself, as a resident agent does. PIN: hex of the SHA-256 of the CA's SPKI. CERT "-": none.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/http/client.h"

static int load(const char *cert_path, const char *key_path, struct buf *cert, struct secret **key, struct err *e)
{
	scoped_buf struct buf text = BUF_MAX(8192);
	int r;

	if ((r = file_read(AT_FDCWD, cert_path, cert, NULL, e)) || (r = file_read(AT_FDCWD, key_path, &text, NULL, e)))
		return r;
	return secret_copy(text.data, text.size, key, e);
}

static int poll_for_it(struct http_client *c, const struct http_request *rq, struct http_reply *reply, struct err *e)
{
	bool whole = false;
	int r = http_ask(c, rq, e);

	while (!r && !(r = http_take(c, reply, &whole, e)) && !whole) {
		struct pollfd p = { http_fd(c), http_events(c), 0 };
		if (poll(&p, 1, 30000) == 0)
			return err_set(e, ERR_UNAVAILABLE, "nothing came");
	}
	return r;
}

static int step(struct http_client *c, char *line, const char *path, struct err *e)
{
	scoped_reply struct http_reply reply = HTTP_REPLY(1 << 20);
	struct http_request rq = { .method = "GET", .path = path };
	bool kept = http_fd(c) >= 0;
	int r;

	line[strcspn(line, "\n")] = 0;
	if (strcmp(line, "hang-up") == 0) {
		http_hang_up(c);
		return 0;
	}
	if (text_starts(line, "wait ")) {
		rq.path = line + 5;
		r = poll_for_it(c, &rq, &reply, e);
	} else {
		r = http_exchange(c, &rq, 10000, &reply, e);
	}
	if (!r)
		printf("%u %s\n", reply.status, kept ? "kept" : stream_tls_resumed(c->tls) ? "resumed" : "new");
	fflush(stdout);
	return r;
}

static int run(char **argv, struct err *e)
{
	struct tls_peer peer = { .host = argv[1], .port = argv[2] };
	scoped(tls_client_free_p) struct tls_client *tls = NULL;
	scoped_secret struct secret *key = NULL;
	scoped_buf struct buf cert = BUF_MAX(1 << 16);
	char line[512];
	int r;

	if (!hex_decode(argv[3], peer.pin, sizeof peer.pin))
		return err_set(e, ERR_USAGE, "PIN is no SHA-256 in hex");
	if (strcmp(argv[4], "-") != 0) {
		if ((r = load(argv[4], argv[5], &cert, &key, e)))
			return r;
		peer.cert_pem = cert.data;
		peer.key_pem = key;
	}
	if ((r = tls_client_new(&peer, &tls, e)))
		return r;
	scoped_client struct http_client c = HTTP_CLIENT(1 << 20, .tls = tls);
	while (fgets(line, sizeof line, stdin))
		if (step(&c, line, argv[6], e)) {
			printf("error: %s\n", e->msg);
			fflush(stdout);
		}
	return 0;
}

int main(int argc, char **argv)
{
	struct err e = ERR_NONE;

	if (argc != 7) {
		fprintf(stderr, "usage: http_get HOST PORT PIN CERT KEY PATH\n");
		return 2;
	}
	if (run(argv, &e) == 0)
		return 0;
	err_print(&e);
	return err_exit_status(e.code);
}
