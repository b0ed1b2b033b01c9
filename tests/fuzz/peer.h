/* peer.h - a connection whose other end has said all that it will: the input of the targets that speak to services. */
#pragma once
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>
#include "agent/pinning/wire.h"
#include "common/base/clock.h"
#include "common/base/file.h"

enum { PEER_INPUT_MAX = 64 << 10 };

/* *ret_other is the caller's to close. */
static inline bool fuzz_peer(const uint8_t *bytes, size_t size, struct peer *ret, int *ret_other)
{
	int pair[2], room = 4 * PEER_INPUT_MAX;

	if (size > PEER_INPUT_MAX || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return false;
	if (setsockopt(pair[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room) < 0 || fd_write_all(pair[1], bytes, size) < 0 || shutdown(pair[1], SHUT_WR) < 0) {
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	*ret = (struct peer){ .fd = pair[0], .deadline_ms = clock_mono_ms() + 10000, .name = "peer" };
	*ret_other = pair[1];
	return true;
}
