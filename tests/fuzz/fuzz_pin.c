/* A pin record: the input as a whole, and as a payload signed by a trusted key; no line for a client can hold another. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/verify/pin.h"
#include "tests/fuzz/sign.h"

static struct trust trust;

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	fuzz_trust(&trust);
	return 0;
}

static void judge(const void *bytes, size_t size)
{
	static struct pin p;
	scoped_buf struct buf lines = BUF_MAX(1 << 20), again = BUF_MAX(1 << 20);
	struct err e;
	size_t n = 0;

	if (pin_verify(bytes, size, &trust, 1800000000, "x", &p, &e)) {
		PROMISE(*e.msg);
		return;
	}
	pin_known_hosts(&p, "h", &lines);
	for (size_t i = 0; i < lines.size; i++)
		n += lines.data[i] == '\n';
	PROMISE(n == p.ssh_count + p.ssh_next_count);
	for (size_t i = 0; i < p.ssh_count; i++) {
		scoped_buf struct buf print = BUF_MAX(4096);
		PROMISE(pin_ssh_fingerprint(p.ssh_keys[i], &print, &e) == 0);
	}
	PROMISE(pin_payload(&p, &again, &e) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_buf struct buf out = BUF_MAX(2 << 20);

	judge(bytes, size);
	if (fuzz_sign(ENVELOPE_PIN, bytes, size, NULL, 0, &out) == 0)
		judge(out.data, out.size);
	return 0;
}
