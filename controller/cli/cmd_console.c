/* cmd_console.c - natalctl vm console: a serial console, typed into and read, through the controller wherever the machine runs. */
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "controller/cli/vm.h"

enum { KEY_END = 0x1d /* Ctrl-] */, SOON_MS = 20, LATE_MS = 500, SHOWN_FIRST = 2048, INPUT_ROOM = 1024, CHUNK_MAX = 256 << 10, AFTER_INPUT_S = 2 };
#define THE_END "1000000000000000"      /* an offset past any log */

/* A terminal that hands on each key as it is. */
struct raw { struct termios was; bool on; };
static void raw_begin(struct raw *r)
{
	struct termios t;

	if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &r->was) < 0)
		return;
	t = r->was;
	cfmakeraw(&t);
	r->on = tcsetattr(STDIN_FILENO, TCSANOW, &t) == 0;
}

static void raw_end(struct raw *r)
{
	if (r->on)
		tcsetattr(STDIN_FILENO, TCSANOW, &r->was);
}

struct console { struct cli *cli; uint64_t at; bool closed; int64_t end_ms; };         /* closed: nothing more is typed; end_ms: then it is over; 0: not */

/* What was printed since; *ret: there was something. after: an offset, as text. */
static int read_some(struct console *c, const char *after, bool show, bool *ret, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	scoped_buf struct buf bytes = BUF_MAX(CHUNK_MAX);
	char tail[80];
	int r;

	snprintf(tail, sizeof tail, "/log?after=%s", after);
	if ((r = vm_call(c->cli, "GET", tail, NULL, &o, e)))
		return r;
	const char *text = json_text(o, "bytes") ? json_text(o, "bytes") : "";
	if ((r = base64_decode(text, strlen(text), "the console", &bytes, e)))
		return r;
	c->at = json_uint(o, "end", c->at);
	*ret = bytes.size > 0;
	return show && bytes.size && fd_write_all(STDOUT_FILENO, bytes.data, bytes.size) < 0 ? err_sys(e, "write to standard output") : 0;
}

static int type_in(struct console *c, const char *bytes, size_t n, struct err *e)
{
	scoped_json struct json_object *body = json_object_new_object(), *o = NULL;
	scoped_buf struct buf text = BUF_MAX(4 * INPUT_ROOM);

	base64_encode(&text, bytes, n);
	json_put(body, "input", text.data ? text.data : "");
	return vm_call(c->cli, "POST", "/console", body, &o, e);
}

/* Keys that were pressed, up to the one that ends it. */
static int take_keys(struct console *c, struct err *e)
{
	char keys[INPUT_ROOM];
	ssize_t n = read(STDIN_FILENO, keys, sizeof keys);
	const char *end = n > 0 ? memchr(keys, KEY_END, (size_t)n) : NULL;

	if (n < 0)
		return err_sys(e, "read standard input");
	if (n == 0 || end) {
		c->closed = true;
		c->end_ms = clock_mono_ms() + (end ? 0 : 1000 * (int64_t)cli_number(c->cli, "--for", AFTER_INPUT_S));
	}
	size_t typed = end ? (size_t)(end - keys) : (size_t)n;
	return typed ? type_in(c, keys, typed, e) : 0;
}

static int follow(struct console *c, struct err *e)
{
	struct pollfd p = { STDIN_FILENO, POLLIN, 0 };
	int wait_ms = SOON_MS;
	int r = 0;

	while (!r && !(c->end_ms && clock_mono_ms() >= c->end_ms)) {
		char after[24];
		bool some = false;
		int ready = poll(&p, c->closed ? 0 : 1, wait_ms);
		if (ready > 0 && (r = take_keys(c, e)))
			break;
		snprintf(after, sizeof after, "%llu", (unsigned long long)c->at);
		r = read_some(c, after, true, &some, e);
		wait_ms = some || ready > 0 ? SOON_MS : 2 * wait_ms < LATE_MS ? 2 * wait_ms : LATE_MS;
	}
	return r;
}

int cmd_vm_console(struct cli *cli, struct err *e)
{
	struct console c = { .cli = cli };
	struct raw raw = { .on = false };
	bool some;
	int r = read_some(&c, THE_END, false, &some, e);

	if (r)
		return r;
	c.at -= c.at < SHOWN_FIRST ? c.at : SHOWN_FIRST;
	if (isatty(STDIN_FILENO))
		fprintf(stderr, "the console of %s; Ctrl-] ends\n", cli->args[0]);
	raw_begin(&raw);
	r = follow(&c, e);
	raw_end(&raw);
	if (raw.on)
		fputc('\n', stderr);
	return r;
}
