/* tpm_line.c - see tpm_line.h */
#include "agent/birth/tpm_line.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/text.h"

enum { ANSWER_MS = 120000 };            /* an RSA key is made anew from its seed: seconds, on small chips many */

int tpm_line_open(const char *path, int *ret_fd, struct err *e)
{
	static const char prefix[] = "unix:";
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	int r;

	if (!text_starts(path, prefix)) {
		*ret_fd = open(path, O_RDWR | O_CLOEXEC);
		return *ret_fd < 0 ? err_sys(e, "open the TPM %s", path) : 0;
	}
	if ((r = text_copy(at.sun_path, sizeof at.sun_path, path + strlen(prefix), "the TPM's socket", e)))
		return r;
	scoped_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&at, sizeof at) < 0)
		return err_sys(e, "connect to the TPM %s", path);
	*ret_fd = give_fd(&fd);
	return 0;
}

/* A device gives a reply at once and whole; a socket in pieces. */
static int receive(int fd, const char *what, struct buf *ret, struct err *e)
{
	const int64_t deadline_ms = clock_mono_ms() + ANSWER_MS;
	uint8_t bytes[TPM_REPLY_MAX];
	size_t have = 0, want = 0;

	while (!want || have < want) {
		struct pollfd p = { fd, POLLIN, 0 };
		int ready = poll(&p, 1, clock_left_ms(deadline_ms));
		if (ready < 0 && errno == EINTR)
			continue;
		if (ready <= 0)
			return err_set(e, ERR_UNAVAILABLE, "%s: the TPM did not answer within %d s", what, ANSWER_MS / 1000);
		ssize_t n = read(fd, bytes + have, sizeof bytes - have);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? err_sys(e, "%s: read from the TPM", what) : err_set(e, ERR_UNAVAILABLE, "%s: the TPM's reply ended early", what);
		have += (size_t)n;
		if (!want && have >= TPM_HEADER_SIZE && !(want = tpm_reply_size(bytes)))
			return err_set(e, ERR_FORMAT, "%s: the TPM's reply has no good header", what);
	}
	buf_clear(ret);
	buf_add(ret, bytes, have);
	return buf_check(ret, "a TPM's reply", e);
}

int tpm_line_ask(int fd, const struct buf *command, const char *what, struct buf *ret, struct err *e)
{
	return fd_write_all(fd, command->data, command->size) < 0 ? err_sys(e, "%s: write to the TPM", what) : receive(fd, what, ret, e);
}
