/* One-line SSH public keys: ssh-keygen's own words for a key, and what is none. */
#include "tests/unit/unit.h"
#include "common/base/scope.h"
#include "common/base/text.h"
#include "common/crypto/sshkey.h"

/* ssh-keygen -l of it says SHA256:Df8gwJPWMIcgmQMuDs/Et2d3YW7l9HvheHcxFzYfTKg, which is the digest in base64. */
#define BLOB "AAAAC3NzaC1lZDI1NTE5AAAAIGf8mAixs4eSlNLC1fx5zR0j0MF9x5kZWlHqKhnfoMvv"
#define DIGEST "0dff20c093d630872099032e0ecfc4b76777616ee5f47be178773117361f4ca8"
static struct err e;

static void type_and_digest(void **state)
{
	static const char *const lines[] = { "ssh-ed25519 " BLOB, "ssh-ed25519 " BLOB "\n", "ssh-ed25519 " BLOB " root@guest\n", "ssh-ed25519 " BLOB "\r\n" };
	uint8_t digest[SHA256_SIZE];
	char type[SSHKEY_TYPE_MAX], hex[2 * SHA256_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		assert_ok(sshkey_digest(lines[i], strlen(lines[i]), "x", type, digest, &e), e);
		assert_string_equal(type, "ssh-ed25519");
		hex_encode(digest, sizeof digest, hex);
		assert_string_equal(hex, DIGEST);
	}
	/* Not a byte behind n. */
	assert_err(sshkey_digest(lines[0], strlen("ssh-ed25519 "), "x", type, digest, &e), ERR_FORMAT, e, "x is no SSH public key");
}

static void no_key(void **state)
{
	static const char *const lines[] = { "", " ", "ssh-ed25519", "ssh-ed25519 ", "ssh-ed25519\t" BLOB, " ssh-ed25519 " BLOB, "ssh-ed25519 \n",
		"a-type-that-is-longer-than-any-that-there-is " BLOB };
	uint8_t digest[SHA256_SIZE];
	char type[SSHKEY_TYPE_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		assert_err(sshkey_digest(lines[i], strlen(lines[i]), "file x", type, digest, &e), ERR_FORMAT, e, "file x is no SSH public key");
	assert_err(sshkey_digest("ssh-ed25519 a*b=", 16, "file x", type, digest, &e), ERR_FORMAT, e, "file x is not base64");
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(type_and_digest), cmocka_unit_test(no_key) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
