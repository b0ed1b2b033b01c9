/* What a guest without a medium is told by its machine, and what its TPM answers: read strictly. */
#include "tests/unit/unit.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "agent/birth/birth.h"
#include "agent/birth/tpm_reply.h"
#include "common/base/file.h"

static struct err e;
static char dir[64];
static int root;

static int setup(void **s)
{
	(void)s;
	snprintf(dir, sizeof dir, "/tmp/natal-birth.XXXXXX");
	root = mkdtemp(dir) ? open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	return root < 0;
}

static int teardown(void **s)
{
	char command[100];

	(void)s;
	close(root);
	snprintf(command, sizeof command, "rm -rf %s", dir);
	return system(command);         /* NOLINT: a test's own folder */
}

static void put(const char *path, const char *text)
{
	char folder[200];

	snprintf(folder, sizeof folder, "%.*s", (int)(strrchr(path, '/') - path), path);
	assert_ok(file_mkdirs(root, folder, 0755, &e), e);
	assert_ok(file_write(root, path, text, strlen(text), 0600, (uid_t)-1, (gid_t)-1, &e), e);
}

static void the_machine_says_where_and_with_what(void **s)
{
	struct birthplace place = { .here = true }, other = { .here = true };
	char token[BIRTH_TOKEN_MAX];
	bool absent;

	(void)s;
	assert_ok(birth_find_token(root, token, &absent, &e), e);
	assert_true(absent);
	assert_err(birth_find_server(root, &place, &e), ERR_NOT_FOUND, e, "nobody says where to ask");
	put("/proc/cmdline", "root=x xnatal.birth_token=no natal.birth_token=natal1_line natal.birth_server=https://a:8443 quiet\n");
	assert_ok(birth_find_token(root, token, &absent, &e), e);
	assert_string_equal(token, "natal1_line");
	assert_ok(birth_find_server(root, &place, &e), e);
	assert_string_equal(place.host, "a");
	put("/sys/firmware/qemu_fw_cfg/by_name/opt/natal/birth-token/raw", "natal1_card");
	assert_ok(birth_find_token(root, token, &absent, &e), e);
	assert_string_equal(token, "natal1_card");
	put(BIRTH_TOKEN_PATH, "natal1_file\n");
	assert_ok(birth_find_token(root, token, &absent, &e), e);
	assert_string_equal(token, "natal1_file");
	put("/sys/firmware/qemu_fw_cfg/by_name/opt/natal/birth-server/raw", "http://b");
	assert_err(birth_find_server(root, &other, &e), ERR_FORMAT, e, "'http://b' is not https://HOST:PORT");
	snprintf(other.host, sizeof other.host, "policy");      /* what the policy says, nobody says otherwise */
	assert_ok(birth_find_server(root, &other, &e), e);
	assert_string_equal(other.host, "policy");
}

static void a_nonce_is_kept_until_the_guest_is_born(void **s)
{
	uint8_t a[BIRTH_NONCE_SIZE], b[BIRTH_NONCE_SIZE];

	(void)s;
	assert_ok(birth_nonce(root, a, &e), e);
	assert_ok(birth_nonce(root, b, &e), e);
	assert_memory_equal(a, b, sizeof a);
	put(BIRTH_NONCE_PATH, "no nonce\n");
	assert_ok(birth_nonce(root, b, &e), e);
	assert_memory_not_equal(a, b, sizeof a);
	put(BIRTH_TOKEN_PATH, "x");
	birth_done(root);
	assert_int_equal(faccessat(root, BIRTH_NONCE_PATH + 1, F_OK, 0), -1);
	assert_int_equal(faccessat(root, BIRTH_TOKEN_PATH + 1, F_OK, 0), -1);
	birth_done(root);               /* nothing there is no error */
}

static void smbios_strings_are_read_within_their_bounds(void **s)
{
	static const char raw[] = "\x0b\x05\x00\x11\x02" "other=1\0natal.birth_token=natal1_oem\0\0behind";
	char out[64];

	(void)s;
	assert_true(birth_oem_word(raw, sizeof raw - 1, BIRTH_TOKEN_WORD, out, sizeof out));
	assert_string_equal(out, "natal1_oem");
	assert_false(birth_oem_word(raw, sizeof raw - 1, BIRTH_SERVER_WORD, out, sizeof out));
	assert_false(birth_oem_word(raw, sizeof raw - 1, BIRTH_TOKEN_WORD, out, 8));
	assert_false(birth_oem_word("\x0c\x05\x00\x11\x01natal.birth_token=x\0", 25, BIRTH_TOKEN_WORD, out, sizeof out));
	for (size_t n = 0; n < 20; n++)
		assert_false(birth_oem_word(raw, n, BIRTH_TOKEN_WORD, out, sizeof out));
}

static void a_tpms_reply_is_read_strictly(void **s)
{
	static const uint8_t good[] = { 0x80, 2, 0, 0, 0, 18, 0, 0, 0, 0, 0, 0, 0, 4, 0, 2, 7, 8 }, refused[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 1, 0x2f },
		later[] = { 0x80, 1, 0, 0, 0, 10, 0, 0, 9, 0x22 }, odd[] = { 0x90, 1, 0, 0, 0, 10, 0, 0, 0, 0 };
	struct cursor c;
	struct tpm2b b;

	(void)s;
	assert_ok(tpm_reply_open(good, sizeof good, "TPM2_Test", &c, &e), e);
	assert_ok(tpm_reply_parameters(&c, &e), e);
	assert_ok(tpm_take_2b(&c, &b, &e), e);
	assert_true(b.size == 2 && b.bytes[1] == 8 && cursor_left(&c) == 0);
	assert_err(tpm_reply_open(refused, sizeof refused, "TPM2_Test", &c, &e), ERR_DENIED, e, "TPM2_Test: the TPM answers 0x12f");
	assert_err(tpm_reply_open(odd, sizeof odd, "TPM2_Test", &c, &e), ERR_FORMAT, e, "the tag 9001");
	assert_true(tpm_reply_is_later(later, sizeof later) && !tpm_reply_is_later(refused, sizeof refused) && !tpm_reply_is_later(good, sizeof good));
	for (size_t n = 0; n < sizeof good; n++)
		assert_int_equal(tpm_reply_open(good, n, "TPM2_Test", &c, &e), -ERR_FORMAT);
	assert_int_equal(tpm_reply_size(good), 18);
	assert_int_equal(tpm_reply_size((const uint8_t *)"\x80\1\0\0\0\11\0\0\0\0"), 0);
	assert_int_equal(tpm_reply_size((const uint8_t *)"\x80\1\0\1\0\0\0\0\0\0"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_machine_says_where_and_with_what, setup, teardown),
		cmocka_unit_test_setup_teardown(a_nonce_is_kept_until_the_guest_is_born, setup, teardown),
		cmocka_unit_test(smbios_strings_are_read_within_their_bounds), cmocka_unit_test(a_tpms_reply_is_read_strictly),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
