/* console.c - see console.h */
#include "controller/host/console.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "common/base/text.h"

enum { LOG_MAX = 200 << 10, WRITE_WAIT_MS = 500 };

static void read_at(int fd, off_t from, uint64_t max, struct buf *out)
{
	char *p = buf_room(out, (size_t)max);
	ssize_t n = p ? pread(fd, p, (size_t)max, from) : 0;

	buf_grew(out, n > 0 ? (size_t)n : 0);
}

/* A console may print anything: only plain text travels as JSON. */
static void make_plain(struct buf *text)
{
	for (size_t i = 0; i < text->size; i++)
		if ((unsigned char)text->data[i] >= 0x80 || (text->data[i] < ' ' && text->data[i] != '\n' && text->data[i] != '\t'))
			text->data[i] = text->data[i] == '\r' ? ' ' : '?';
}

/* "END BASE64": what is there from `from` on, as it is, and where that ends. */
static int put_chunk(int fd, off_t size, uint64_t from, struct json_object *reply, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(CONSOLE_CHUNK_MAX + 1), text = BUF_MAX(2 * CONSOLE_CHUNK_MAX);
	uint64_t at = from < (uint64_t)size ? from : (uint64_t)size, left = (uint64_t)size - at;

	if (left)
		read_at(fd, (off_t)at, left < CONSOLE_CHUNK_MAX ? left : CONSOLE_CHUNK_MAX, &bytes);
	buf_printf(&text, "%llu ", (unsigned long long)(at + bytes.size));
	base64_encode(&text, bytes.data ? bytes.data : "", bytes.size);
	int r = buf_check(&text, "the console", e);
	if (!r)
		json_put(reply, "text", text.data);
	return r;
}

int console_log(struct guest *g, struct json_object *body, struct json_object *reply, struct err *e)
{
	uint64_t max = json_uint(body, "max_bytes", 64 << 10);
	struct json_object *from;

	scoped_fd int fd = openat(g->rundir, "serial.log", O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	if (json_object_object_get_ex(body, "from", &from))
		return put_chunk(fd, size, json_uint(body, "from", 0), reply, e);
	if (max > LOG_MAX)
		max = LOG_MAX;
	scoped_buf struct buf text = BUF_MAX(LOG_MAX + 1);
	if (size > 0)
		read_at(fd, size > (off_t)max ? size - (off_t)max : 0, max, &text);
	make_plain(&text);
	json_put(reply, "text", text.data ? text.data : "");
	return 0;
}

static int type_in(int fd, const struct buf *bytes, const struct guest *g, struct err *e)
{
	struct pollfd p = { fd, POLLOUT, 0 };

	for (size_t at = 0; at < bytes->size;) {
		ssize_t n = send(fd, bytes->data + at, bytes->size - at, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN && poll(&p, 1, WRITE_WAIT_MS) == 1)
			continue;
		if (n <= 0)
			return err_set(e, ERR_UNAVAILABLE, "the console of guest %s takes no more: %zu of %zu bytes were typed", g->spec.vm_id, at, bytes->size);
		at += (size_t)n;
	}
	return 0;
}

int console_input(struct guest *g, struct json_object *body, struct err *e)
{
	scoped_buf struct buf bytes = BUF_MAX(CONSOLE_INPUT_MAX);
	const char *text = json_text(body, "input");
	int r;

	if (!text || (r = base64_decode(text, strlen(text), "input", &bytes, e)))
		return text ? r : err_set(e, ERR_FORMAT, "input is missing");
	if (!g->running)
		return err_set(e, ERR_CONFLICT, "guest %s does not run: nobody reads its console", g->spec.vm_id);
	scoped_fd int fd = guest_socket(g, "console.sock");
	if (fd < 0) {
		err_set(e, ERR_UNAVAILABLE, "guest %s has no console that can be typed into", g->spec.vm_id);
		err_hint(e, "one that was started by an earlier natald has none: stop it and start it again");
		return -(int)e->code;
	}
	return type_in(fd, &bytes, g, e);
}
