/* Which of several devices is the medium; files stand for devices. */
#include "tests/unit/unit.h"
#include "agent/source/source.h"
#include "tests/unit/agent/seed.h"

static struct err e;
static struct test_root root;
static char a[128], b[128], other[128];

/* As much of ISO 9660 (ECMA-119 8.4) as a prober looks at: the primary volume descriptor in sector 16. */
static void put_image(char *path, const char *name, const char *label)
{
	enum { SECTOR = 2048 };
	static unsigned char image[64 * SECTOR];
	unsigned char *pvd = image + 16 * SECTOR;

	memset(image, 0, sizeof image);
	memcpy(pvd, "\1CD001\1", 7);
	memset(pvd + 40, ' ', 32);
	memcpy(pvd + 40, label, strlen(label));
	memcpy(pvd + SECTOR, "\377CD001\1", 7);
	snprintf(path, 128, "%s/%s", root.path, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(image, 1, sizeof image, f), sizeof image);
	fclose(f);
}

static int setup(void **state)
{
	root_init(&root);
	put_image(a, "a", "NATAL");
	put_image(b, "b", "NATAL");
	put_image(other, "other", "cidata");
	return 0;
}

static int teardown(void **state)
{
	root_fini(&root);
	return 0;
}

static void the_labelled_one(void **state)
{
	const char *nodes[] = { other, "/nowhere", a }, *found;

	assert_ok(source_pick(nodes, 3, &found, &e), e);
	assert_string_equal(found, a);
}

static void none(void **state)
{
	const char *nodes[] = { other }, *found;

	assert_ok(source_pick(nodes, 1, &found, &e), e);
	assert_null(found);
}

static void two_media_are_refused_naming_both(void **state)
{
	const char *nodes[] = { a, other, b }, *found;
	char text[300];

	snprintf(text, sizeof text, "two media are labelled NATAL: %s and %s", a, b);
	assert_err(source_pick(nodes, 3, &found, &e), ERR_CONFLICT, e, text);
	assert_non_null(strstr(e.hint, "--medium"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_labelled_one), cmocka_unit_test(none), cmocka_unit_test(two_media_are_refused_naming_both),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
