/* What brings the agent to an image without one: each form holds the archive where the starter looks for it, and names its digest. */
#include "tests/unit/unit.h"
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "common/base/file.h"
#include "common/base/tar.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "common/media/iso.h"
#include "controller/service/carrier.h"
#include "controller/service/cpio.h"

static void fill(struct buf *b, const char *text)
{
	*b = BUF_MAX(1 << 16);
	buf_str(b, text);
}

static struct carrier_parts sample(void)
{
	struct carrier_parts p;

	fill(&p.tar, "");
	tar_add(&p.tar, &(struct tar_file){ "usr/lib/natal/natal-agent", 0755, "an agent", 8, 0 });
	tar_end(&p.tar, 2048);
	fill(&p.start, "echo started\t\"$sha256\"\n");
	fill(&p.unit, "[Service]\n");
	fill(&p.hook, "echo hooked\n");
	fill(&p.conf, "echo conf\n");
	return p;
}

static void digest_of(const struct buf *b, char hex[2 * SHA256_SIZE + 1])
{
	uint8_t digest[SHA256_SIZE];

	sha256(b->data, b->size, digest);
	hex_encode(digest, sizeof digest, hex);
}

static void archives_end_at_a_sector_and_may_be_lengthened(void **state)
{
	scoped_buf struct buf b = BUF_MAX(1 << 16);
	struct err e;
	size_t body;

	(void)state;
	tar_add(&b, &(struct tar_file){ "zeros", 0644, (char[1024]){ 0 }, 1024, 0 });
	tar_add(&b, &(struct tar_file){ "a", 0644, "x", 1, 0 });
	tar_end(&b, 2048);
	assert_int_equal(b.size % 2048, 0);
	assert_ok(tar_body(b.data, b.size, &body, &e), e);
	assert_int_equal(body, 512 + 1024 + 512 + 512);
}

static void what_is_no_archive_is_refused(void **state)
{
	scoped_buf struct buf b = BUF_MAX(1 << 16);
	struct err e;
	size_t body;

	(void)state;
	tar_add(&b, &(struct tar_file){ "a", 0644, "x", 1, 0 });
	assert_int_equal(tar_body(b.data, 512, &body, &e), -ERR_FORMAT);
	assert_string_equal(e.msg, "the archive ends inside its file at 0");
	assert_int_equal(tar_body(b.data, 0, &body, &e), -ERR_FORMAT);
	assert_string_equal(e.msg, "the archive holds no file");
	b.data[124] = '9';
	assert_int_equal(tar_body(b.data, b.size, &body, &e), -ERR_FORMAT);
	assert_string_equal(e.msg, "no ustar archive: the size at 0");
	b.data[257] = 'x';
	assert_int_equal(tar_body(b.data, b.size, &body, &e), -ERR_FORMAT);
	assert_string_equal(e.msg, "no ustar archive: the header at 0");
}

static void the_starter_names_digest_size_and_place(void **state)
{
	scoped(carrier_parts_fini) struct carrier_parts p = sample();
	scoped_buf struct buf b = BUF_MAX(1 << 16), brought = BUF_MAX(1 << 16);
	char hex[2 * SHA256_SIZE + 1], want[512];
	struct err e;

	(void)state;
	digest_of(&p.tar, hex);
	assert_ok(carrier_starter(&p, 34 * 2048, &b, &e), e);
	snprintf(want, sizeof want, "#!/bin/sh\nsha256=%s\nsize=2048\ndevice=/dev/disk/by-label/cidata\nblock=34      \necho started\t\"$sha256\"\n", hex);
	assert_string_equal(b.data, want);
	assert_ok(carrier_starter(&p, 0, &brought, &e), e);
	snprintf(want, sizeof want, "#!/bin/sh\nsha256=%s\nsize=2048\ndevice=\nblock=0       \necho started\t\"$sha256\"\n", hex);
	assert_string_equal(brought.data, want);
}

/* Both parts of user-data, as cloud-init would take them: a list of type and content. */
static void check_user_data(const struct buf *text, const struct carrier_parts *p, uint64_t offset)
{
	scoped_json struct json_object *all = NULL;
	scoped_buf struct buf starter = BUF_MAX(1 << 16);
	struct err e;

	assert_true(text_starts(text->data, "#cloud-config-archive\n"));
	const char *body = strchr(text->data, '\n') + 1;
	assert_ok(json_parse(body, strlen(body), "archive", &all, &e), e);
	assert_int_equal(json_object_array_length(all), 2);
	struct json_object *config = json_object_array_get_idx(all, 0), *hook = json_object_array_get_idx(all, 1);
	assert_string_equal(json_text(config, "type"), "text/cloud-config");
	assert_non_null(strstr(json_text(config, "content"), "\"cloud_init_modules\": [], \"cloud_config_modules\": [], \"cloud_final_modules\": []"));
	assert_string_equal(json_text(hook, "type"), "text/cloud-boothook");
	assert_ok(carrier_starter(p, offset, &starter, &e), e);
	assert_string_equal(json_text(hook, "content"), starter.data);
}

static void the_volume_holds_the_archive_where_its_user_data_says(void **state)
{
	scoped(carrier_parts_fini) struct carrier_parts p = sample();
	scoped_buf struct buf volume = BUF_MAX(4 << 20), again = BUF_MAX(4 << 20), tar = BUF_MAX(1 << 16), user = BUF_MAX(1 << 16), meta = BUF_MAX(1 << 10), net = BUF_MAX(1 << 10);
	struct iso_file at;
	struct err e;
	struct carrier_places places;

	(void)state;
	assert_ok(carrier_volume(&p, &volume, &places, &e), e);
	assert_ok(carrier_volume(&p, &again, &places, &e), e);
	assert_memory_equal(volume.data, again.data, volume.size);
	scoped_fd int fd = memfd_create("volume", MFD_CLOEXEC);
	assert_int_equal(fd_write_all(fd, volume.data, volume.size), 0);
	assert_ok(iso_find(fd, volume.size, "cidata", "agent.tar", &at, &e), e);
	assert_int_equal(at.offset, places.tar);
	assert_int_equal(at.size, p.tar.size);
	assert_memory_equal(volume.data + places.tar, p.tar.data, p.tar.size);
	assert_ok(iso_read(fd, volume.size, "cidata", "user-data", &user, &e), e);
	check_user_data(&user, &p, places.tar);
	assert_ok(iso_find(fd, volume.size, "cidata", "start", &at, &e), e);
	assert_int_equal(at.offset, places.start);
	assert_int_equal(at.size % 2048, 0);
	assert_ok(iso_read(fd, volume.size, "cidata", "meta-data", &meta, &e), e);
	assert_string_equal(meta.data, "instance-id: natal\ndsmode: local\n");
	assert_ok(iso_read(fd, volume.size, "cidata", "network-config", &net, &e), e);
	assert_string_equal(net.data, "config: disabled\n");
}

/* The text that a line of tmpfiles.d(5) writes to this path. */
static void written(const char *lines, const char *path, struct buf *out)
{
	char start[128];
	struct err e;

	snprintf(start, sizeof start, "\nf+~ /dev/.natal/%s 0644 root root - ", path);
	const char *at = strstr(lines, start);
	assert_non_null(at);
	at += strlen(start);
	assert_ok(base64_decode(at, strcspn(at, "\n"), path, out, &e), e);
}

static void the_credential_is_one_short_string_of_tmpfiles_lines(void **state)
{
	static const char prefix[] = "io.systemd.credential.binary:tmpfiles.extra=";
	scoped(carrier_parts_fini) struct carrier_parts p = sample();
	scoped_buf struct buf oem = BUF_MAX(1 << 16), lines = BUF_MAX(1 << 16), volume = BUF_MAX(4 << 20), unit = BUF_MAX(1 << 12), fetch = BUF_MAX(1 << 12);
	struct carrier_places at;
	char hex[2 * SHA256_SIZE + 1], want[512];
	struct err e;

	(void)state;
	for (int i = 0; i < 200; i++)
		buf_str(&p.start, "echo a starter of some thousands of bytes\n");
	assert_ok(carrier_volume(&p, &volume, &at, &e), e);
	assert_ok(carrier_credential(&p, &at, &oem, &e), e);
	assert_true(text_starts(oem.data, prefix));
	assert_null(strpbrk(oem.data, ", \n"));
	assert_true(oem.size < 4000);
	assert_ok(base64_decode(oem.data + strlen(prefix), strlen(oem.data) - strlen(prefix), "credential", &lines, &e), e);
	assert_true(text_starts(lines.data, "L+ /dev/.natal - - - - /run\n"));
	written(lines.data, "systemd/system/natal-carry.service", &unit);
	assert_string_equal(unit.data, p.unit.data);
	written(lines.data, "natal/start", &fetch);
	size_t size = (strlen("#!/bin/sh\nsha256=\nsize=2048\ndevice=/dev/disk/by-label/cidata\nblock=        \n") + 64 + p.start.size + 2047) / 2048;
	const struct buf starter = { .data = volume.data + at.start, .size = size * 2048 };
	digest_of(&starter, hex);
	snprintf(want, sizeof want, "skip=%llu count=%zu 2>dd\n[ \"$(sha256sum <starter)\" = \"%s  -\" ] ||", (unsigned long long)at.start / 2048, size, hex);
	assert_non_null(strstr(fetch.data, want));
}

static void a_credential_that_systemd_would_cut_is_refused(void **state)
{
	scoped(carrier_parts_fini) struct carrier_parts p = sample();
	scoped_buf struct buf oem = BUF_MAX(1 << 16);
	struct err e;

	(void)state;
	while (p.unit.size < 2500)
		buf_str(&p.unit, "# a long unit\n");
	assert_int_equal(carrier_credential(&p, &(struct carrier_places){ 2048, 4096 }, &oem, &e), -ERR_INTERNAL);
	assert_non_null(strstr(e.msg, "bytes: 4000 at most"));
}

/* Header of 110 digits, the name and its NUL, the bytes: each ends at a multiple of four. */
static void an_archive_for_the_kernel(void **state)
{
	scoped_buf struct buf b = BUF_MAX(1 << 12);

	(void)state;
	cpio_add(&b, "ab", 0100644, "12345", 5);
	assert_int_equal(b.size, 116 + 8);
	assert_memory_equal(b.data, "070701" "00000000" "000081a4" "00000000" "00000000" "00000001" "00000000" "00000005" "00000000" "00000000" "00000000" "00000000" "00000003"
		"00000000" "ab\0\0\0\0" "12345\0\0\0", 124);
	cpio_end(&b);
	assert_int_equal(b.size, 124 + 124);
	assert_string_equal(b.data + 124 + 110, "TRAILER!!!");
}

static void the_initrds_archive_has_all_that_its_hook_needs(void **state)
{
	static const char *const names[] = { "natal", "conf", "conf/conf.d", "natal/agent.tar", "natal/start", "natal/natal-carry.service", "natal/hook", "conf/conf.d/natal", "TRAILER!!!" };
	scoped(carrier_parts_fini) struct carrier_parts p = sample();
	scoped_buf struct buf b = BUF_MAX(1 << 16);
	struct err e;
	size_t at = 0;

	(void)state;
	assert_ok(carrier_archive(&p, &b, &e), e);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char size[9] = "";
		assert_true(at + 110 < b.size);
		assert_memory_equal(b.data + at, "070701", 6);
		assert_string_equal(b.data + at + 110, names[i]);
		memcpy(size, b.data + at + 54, 8);
		at += (110 + strlen(names[i]) + 1 + 3) / 4 * 4 + (strtoul(size, NULL, 16) + 3) / 4 * 4;
	}
	assert_int_equal(at, b.size);
}

static void ways_have_names(void **state)
{
	enum carrier_way way;

	(void)state;
	for (size_t i = 0; i < CARRIER_WAYS; i++) {
		assert_true(carrier_way_read(carrier_way_name((enum carrier_way)i), &way));
		assert_int_equal(way, i);
	}
	assert_false(carrier_way_read("cloudinit", &way));
	assert_null(carrier_way_name(CARRIER_WAYS));
}

int main(void)
{
	const struct CMUnitTest t[] = { cmocka_unit_test(archives_end_at_a_sector_and_may_be_lengthened), cmocka_unit_test(what_is_no_archive_is_refused),
		cmocka_unit_test(the_starter_names_digest_size_and_place), cmocka_unit_test(the_volume_holds_the_archive_where_its_user_data_says),
		cmocka_unit_test(the_credential_is_one_short_string_of_tmpfiles_lines),
		cmocka_unit_test(a_credential_that_systemd_would_cut_is_refused), cmocka_unit_test(an_archive_for_the_kernel),
		cmocka_unit_test(the_initrds_archive_has_all_that_its_hook_needs), cmocka_unit_test(ways_have_names) };

	return cmocka_run_group_tests(t, NULL, NULL);
}
