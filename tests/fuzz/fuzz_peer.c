/* What natald reads of a client before it knows it: which ticket its hello brings, and the certificate that it shows. The first byte says which.
 * No certificate is one of an issuer whose key is gone; a ticket's name may well be found, since a fuzzer sees what it is compared with. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/base/clock.h"
#include "controller/crypto/peercert.h"
#include "controller/http/ticket.h"
#include "controller/http/tls.h"

static struct issuer *issuer;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	struct buf pem = BUF_MAX(CA_PEM_MAX);
	struct secret *key;
	struct err e;

	(void)argc;
	(void)argv;
	PROMISE(ca_make("fuzz", 1700000000, &key, &pem, &e) == 0 && issuer_new(pem.data, pem.size, &issuer, &e) == 0);
	secret_free(key);
	buf_fini(&pem);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const uint8_t key[TICKET_KEY_SIZE] = { 1 };
	struct peercert p = { .serial_size = 7 };
	struct err e = ERR_NONE;

	if (size < 2)
		return 0;
	if (bytes[0] & 1) {
		(void)ticket_is_of(bytes + 1, size - 1, key, 1700000000);
	} else {
		PROMISE(peercert_check(issuer, bytes + 1, size - 1, 1700000000, &p, &e) && *e.msg && p.serial_size == 7);
	}
	return 0;
}
