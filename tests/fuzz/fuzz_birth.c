/* What is said at a birth without a medium: a guest's questions, the controller's challenge, where an image has its guests ask. The first byte says which. */
#include "tests/fuzz/fuzz.h"
#include <string.h>
#include "common/media/birthplace.h"
#include "common/wire/birthask.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* What is taken is written as the same again. */
static void question(struct json_object *o, bool challenge)
{
	struct birth_ask a = { .format = 0 }, again;
	struct buf line = BUF_MAX(BIRTH_BODY_MAX);
	struct json_object *back = NULL;
	struct err e = ERR_NONE;

	if (challenge ? birth_challenge_ask_read(o, &a, &e) : birth_ask_read(o, &a, &e)) {
		PROMISE(*e.msg && a.format == 0);
	} else {
		PROMISE((challenge ? birth_challenge_ask_write(&a, &line, &e) : birth_ask_write(&a, &line, &e)) == 0);
		PROMISE(json_parse(line.data, line.size, "again", &back, &e) == 0);
		PROMISE((challenge ? birth_challenge_ask_read(back, &again, &e) : birth_ask_read(back, &again, &e)) == 0);
		PROMISE(memcmp(&a, &again, sizeof a) == 0 && (challenge || !*a.token == (a.until != 0)));
	}
	json_free(back);
	buf_fini(&line);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct birth_challenge c = { .until = 7 };
	struct birthplace p = { .here = false };
	struct json_object *o = NULL;
	struct err e = ERR_NONE;

	if (!size)
		return 0;
	if (bytes[0] == 'c') {
		PROMISE(birth_challenge_read(bytes + 1, size - 1, &c, &e) == 0 ? c.credential_size >= 3 && c.encrypted_size <= sizeof c.encrypted : *e.msg && c.until == 7);
		return 0;
	}
	if (json_parse(bytes + 1, size - 1, "input", &o, &e))
		return 0;
	if (bytes[0] == 'p')
		PROMISE(birthplace_read(o, "policy", &p, &e) == 0 ? p.here && p.timeout_s && !strpbrk(p.host, "/@ ") : *e.msg && !p.here);
	else
		question(o, bytes[0] == 'q');
	json_free(o);
	return 0;
}
