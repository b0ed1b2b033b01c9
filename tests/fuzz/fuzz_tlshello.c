/* A TLS server's first flight, up to its certificate: any bytes end the conversation, with a digest or a reason. */
#include "tests/fuzz/fuzz.h"
#include "agent/pinning/present.h"
#include "tests/fuzz/peer.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	uint8_t digest[SHA256_SIZE];
	struct peer p;
	struct err e = ERR_NONE;
	int other;

	if (!fuzz_peer(bytes, size, &p, &other))
		return 0;
	int r = present_tls_on(&p, digest, &e);
	PROMISE(r == 0 || *e.msg);
	peer_close(&p);
	close(other);
	return 0;
}
