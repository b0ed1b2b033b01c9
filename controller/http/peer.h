/* peer.h - who is at the other end of a connection. Made once by the server: from the verified certificate, or from the unix socket's
 * credentials, whose peer is an operator of all projects. Whether it still counts is asked again for each request (server.h).
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "controller/service/identity.h"

enum { PEER_SERIAL_MAX = 20, PEER_ADDRESS_MAX = 48, PEER_HOST_SIZE = 16 };
struct peer {
	struct identity id;
	bool local;                             /* by the unix socket */
	uid_t uid;                              /* of a local one */
	size_t serial_size;
	uint8_t serial[PEER_SERIAL_MAX];        /* of its certificate: RFC 5280 4.1.2.2 */
	int64_t not_before, not_after;          /* unix s */
	bool known;                             /* the store has its certificate, byte for byte */
	uint64_t good_at;                       /* the generation of revocations at which it was found good; 0: never asked */
	char address[PEER_ADDRESS_MAX];         /* "192.0.2.1", or "" */
	uint8_t host[PEER_HOST_SIZE];           /* the same: rate.h */
	char boot_id[37];                       /* of a guest: the boot that said HELLO over this connection; "" */
};
