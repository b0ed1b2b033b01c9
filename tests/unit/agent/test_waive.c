/* What nobody signed: let in by the image's policy alone, for what the policy lets it ask, on guests that no signed medium has provisioned. */
#include "tests/unit/unit.h"
#include "agent/journal.h"
#include "agent/seed.h"
#include "agent/source/offer.h"
#include "common/userdata/userdata.h"
#include "tests/unit/agent/seed.h"

#define UUID "11111111-2222-3333-4444-555555555555"
#define OTHER_UUID "99999999-2222-3333-4444-555555555555"
static struct err e;
static struct test_root root;

static int setup(void **state)
{
	(void)state;
	root_init(&root);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	root_fini(&root);
	return 0;
}

static int waive(enum waived source, const char *user, const struct journal *j, struct verified **ret)
{
	struct offer o = { .source = source, .origin = "the test", .launch_index = 2, .instance_id = "i-7", .hostname = "h",
		.user = { user, strlen(user) } };
	int r = seed_waive(root.fd, &o, UUID, j, ret, &e);

	arena_fini(&o.arena);
	return r;
}

static void the_policy_decides(void **s)
{
	struct journal none = { 0 };
	struct verified *v = NULL;

	(void)s;
	unlinkat(root.fd, "etc/natal/policy.json", 0);
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_UNTRUSTED, e, "the test: nobody signed it, and the image's policy does not waive");
	assert_non_null(strstr(e.hint, "\"waive\": {\"sources\": [\"nocloud\"]}"));
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"configdrive\"]}}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_UNTRUSTED, e, "does not waive the source nocloud");
	assert_null(v);
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}, \"clock\": 5}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &none, &v), ERR_FORMAT, e, "clock");
}

static void a_signed_medium_was_first(void **s)
{
	struct journal mine = { .uuid = UUID, .sequence = 3 }, others = { .uuid = OTHER_UUID, .sequence = 3 }, unsigned_ = { .uuid = UUID };
	struct verified *v = NULL;

	(void)s;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}}");
	assert_err(waive(WAIVED_NOCLOUD, "x", &mine, &v), ERR_UNTRUSTED, e, "this guest was provisioned by a signed medium");
	assert_ok(waive(WAIVED_NOCLOUD, "x", &unsigned_, &v), e);
	verified_free(v);
	assert_ok(waive(WAIVED_NOCLOUD, "x", &others, &v), e);
	verified_free(v);
}

/* Two instances must not become one. */
static void an_instance_id_is_not_cut(void **s)
{
	char id[101];
	struct offer o = { .source = WAIVED_NOCLOUD, .origin = "the test", .instance_id = id };
	struct journal none = { 0 };
	struct verified *v = NULL;

	(void)s;
	memset(id, '7', sizeof id - 1);
	id[sizeof id - 1] = 0;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"]}}");
	assert_err(seed_waive(root.fd, &o, UUID, &none, &v, &e), ERR_LIMIT, e, "the test: the instance-id has 100 bytes: 63 at most");
	assert_null(v);
}

static void what_it_says_becomes_blobs(void **s)
{
	struct journal none = { 0 };
	struct verified *v = NULL, *again = NULL, *other = NULL;

	(void)s;
	root_put(&root, POLICY_PATH, "{\"waive\":{\"sources\":[\"nocloud\"],\"refuse\":[\"runcmd\"]}}");
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\n", &none, &v), e);
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\n", &none, &again), e);
	assert_ok(waive(WAIVED_NOCLOUD, "#cloud-config\na: 1\n", &none, &other), e);
	assert_true(v->waived);
	assert_int_equal(v->waiver.refuse_count, 1);
	assert_int_equal(v->manifest.sequence, 0);
	assert_string_equal(v->manifest.vm.instance_id, "i-7");
	assert_string_equal(v->manifest.vm.uuid, UUID);
	const struct blob *user = verified_blob(v, BLOB_USER_DATA), *meta = verified_blob(v, BLOB_META_DATA);
	assert_int_equal(user->size, strlen("#cloud-config\n"));
	assert_memory_equal(meta->bytes, "{\"config\": {\"hostname\": \"h\"}, \"launch_index\": 2}", (size_t)meta->size);
	assert_null(verified_blob(v, BLOB_NETWORK_CONFIG));
	assert_memory_equal(v->digest, again->digest, sizeof v->digest);
	assert_memory_not_equal(v->digest, other->digest, sizeof v->digest);
	verified_free(v);
	verified_free(again);
	verified_free(other);
}

static int asked(struct verified *v, const char *text)
{
	struct arena a = { 0 };
	struct userdata u;
	int r = userdata_read(&(struct userdata_in){ .arena = &a, .user = text, .user_size = strlen(text), .launch_index = -1 }, &u, NULL, &e);

	assert_ok(r, e);
	r = waiver_check(v, &u, &e);
	arena_fini(&a);
	return r;
}

static void the_waiver_says_what_may_be_asked_for(void **s)
{
	struct verified v = { .waived = true, .waiver = { .refuse_count = 2, .refuse = { "runcmd", "scripts" } } }, proven = { .waiver = v.waiver };

	(void)s;
	assert_ok(asked(&v, "#cloud-config\nhostname: h\n"), e);
	assert_err(asked(&v, "#cloud-config\na: 1\nruncmd: [x]\n"), ERR_DENIED, e, "runcmd of a source that nobody signed is refused");
	assert_string_equal(e.where, "user-data:3:9");
	assert_err(asked(&v, "#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source that nobody signed are refused");
	assert_err(asked(&v, "#cloud-boothook\n#!/bin/sh\n"), ERR_DENIED, e, "scripts of a source");
	/* Whichever way it comes. */
	assert_err(asked(&v, "#cloud-config-jsonp\n[{\"op\": \"add\", \"path\": \"/runcmd\", \"value\": [1]}]\n"), ERR_DENIED, e, "runcmd of a source");
	assert_err(asked(&v, "## template: jinja\n#cloud-config\n{{ 'run' ~ 'cmd' }}: [x]\n"), ERR_DENIED, e, "runcmd of a source");
	assert_ok(asked(&proven, "#cloud-config\nruncmd: [x]\n"), e);
}

/* Root runs them where they lie. */
static void a_file_that_is_run_is_a_script(void **s)
{
	struct verified v = { .waived = true, .waiver = { .refuse_count = 1, .refuse = { "scripts" } } };
	static const char *const paths[] = { "/var/lib/cloud/scripts/per-boot/x", "//var/./lib//cloud/scripts/./per-once/x/", "/var/lib/cloud/scripts/x" },
		*const others[] = { "/var/lib/cloud/scripts2/x", "/var/lib/cloud/scripts", "/srv/x", "../x" };
	char text[200];

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
		snprintf(text, sizeof text, "#cloud-config\nwrite_files:\n- {path: /a}\n- {path: %s}\n", paths[i]);
		assert_err(asked(&v, text), ERR_DENIED, e, "scripts of a source that nobody signed are refused");
		assert_string_equal(e.where, "user-data:4:10");
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++) {
		snprintf(text, sizeof text, "#cloud-config\nwrite_files: [{path: %s}, x, {path: [1]}]\n", others[i]);
		assert_ok(asked(&v, text), e);
	}
	snprintf(v.waiver.refuse[0], sizeof v.waiver.refuse[0], "runcmd");
	assert_ok(asked(&v, "#cloud-config\nwrite_files: [{path: /var/lib/cloud/scripts/per-boot/x}]\n"), e);
}

static void a_key_is_refused_by_all_its_names(void **s)
{
	static const char *const pairs[][2] = { { "ca_certs", "ca-certs: {}" }, { "ca-certs", "ca_certs: {}" }, { "package_upgrade", "apt_upgrade: true" },
		{ "package_update", "apt_update: true" }, { "apt", "apt_mirror: http://m/" }, { "apt_sources", "apt: {}" } };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
		struct verified v = { .waived = true, .waiver = { .refuse_count = 1 } };
		char text[80];
		snprintf(v.waiver.refuse[0], sizeof v.waiver.refuse[0], "%s", pairs[i][0]);
		snprintf(text, sizeof text, "#cloud-config\n%s\n", pairs[i][1]);
		assert_err(asked(&v, text), ERR_DENIED, e, "of a source that nobody signed is refused");
	}
}

static void a_word_that_is_no_key_refuses_everything(void **s)
{
	struct verified v = { .waived = true, .waiver = { .refuse_count = 2, .refuse = { "fetch", "run_cmd" } } };

	(void)s;
	assert_err(asked(&v, "#cloud-config\nhostname: h\n"), ERR_FORMAT, e, "waive.refuse: 'run_cmd' is no key of cloud-config");
}

static void hints_name_seeds_of_this_machine(void **s)
{
	static const struct { const char *hint, *folder; } good[] = {
		{ "ds=nocloud;s=/seed/ quiet", "/seed/" }, { "ds=nocloud-net;seedfrom=file:///seed", "/seed" }, { "ds=nocloud", "" }, { "ds=nocloud;h=x;i=y", "" },
	};
	static const char *const bad[] = { "ds=nocloud;s=http://x/", "ds=nocloud;s=https://x/", "ds=nocloud;s=../x", "ds=nocloud;s=ftp://x", "ds=nocloud;s=file://host/x" };

	(void)s;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		struct offer o = { 0 };
		const char *folder = NULL;
		assert_ok(nocloud_hint(&o, good[i].hint, &folder, &e), e);
		assert_string_equal(folder, good[i].folder);
		arena_fini(&o.arena);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct offer o = { 0 };
		const char *folder = NULL;
		assert_err(nocloud_hint(&o, bad[i], &folder, &e), ERR_UNSUPPORTED, e, "natal fetches none");
		arena_fini(&o.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_policy_decides), cmocka_unit_test(a_signed_medium_was_first), cmocka_unit_test(what_it_says_becomes_blobs),
		cmocka_unit_test(a_file_that_is_run_is_a_script), cmocka_unit_test(a_key_is_refused_by_all_its_names), cmocka_unit_test(a_word_that_is_no_key_refuses_everything), cmocka_unit_test(an_instance_id_is_not_cut), cmocka_unit_test(the_waiver_says_what_may_be_asked_for), cmocka_unit_test(hints_name_seeds_of_this_machine),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
