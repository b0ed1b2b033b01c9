/* carrier_parts.c - the forms in which a carrier brings the agent. See carrier.h. */
#include "controller/service/carrier.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "common/data/json.h"
#include "common/media/iso.h"
#include "controller/service/cpio.h"
#include "controller/service/volume.h"

enum { TEXT_MAX = 64 << 10, VOLUME_MAX = 80 << 20 };
#define UDEV_RULE "SUBSYSTEM==\"block\", ENV{ID_FS_LABEL}==\"" CARRIER_LABEL "\", TAG+=\"systemd\", ENV{SYSTEMD_WANTS}+=\"natal-carry.service\"\n"

void carrier_parts_fini(struct carrier_parts *p)
{
	struct buf *all[] = { &p->tar, &p->start, &p->unit, &p->hook, &p->conf };

	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		buf_fini(all[i]);
}

/* The block always takes eight digits: what is told of the volume's layout must not change it. */
int carrier_starter(const struct carrier_parts *p, uint64_t offset, struct buf *out, struct err *e)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256(p->tar.data, p->tar.size, digest);
	hex_encode(digest, sizeof digest, hex);
	buf_printf(out, "#!/bin/sh\nsha256=%s\nsize=%zu\ndevice=%s\nblock=%-8llu\n", hex, p->tar.size, offset ? "/dev/disk/by-label/" CARRIER_LABEL : "",
		(unsigned long long)offset / ISO_SECTOR);
	buf_add(out, p->start.data, p->start.size);
	return buf_check(out, "the agent's starter", e);
}

/* cloud-init is to run the starter, before the network, and nothing else: the guest's real user-data is the signed one. */
static int user_data(const struct carrier_parts *p, uint64_t offset, struct buf *out, struct err *e)
{
	static const char nothing[] = "#cloud-config\n{\"cloud_init_modules\": [], \"cloud_config_modules\": [], \"cloud_final_modules\": [], \"users\": []}\n";
	scoped_json struct json_object *all = json_object_new_array(), *hook = json_object_new_object(), *config = json_object_new_object();
	scoped_buf struct buf starter = BUF_MAX(TEXT_MAX);

	int r = carrier_starter(p, offset, &starter, e);
	if (r)
		return r;
	json_put(config, "type", "text/cloud-config");
	json_put(config, "content", nothing);
	json_put(hook, "type", "text/cloud-boothook");
	json_put(hook, "content", starter.data);
	json_object_array_add(all, give(config));
	json_object_array_add(all, give(hook));
	buf_str(out, "#cloud-config-archive\n");
	buf_str(out, json_line(all));
	buf_str(out, "\n");
	return buf_check(out, "the agent's user-data", e);
}

/* In whole blocks, so that what reads them reads no byte that is not compared. */
static int padded_starter(const struct carrier_parts *p, uint64_t offset, struct buf *out, struct err *e)
{
	int r = carrier_starter(p, offset, out, e);

	while (!r && !out->failed && out->size % ISO_SECTOR)
		buf_str(out, "\n");
	return r ? r : buf_check(out, "the agent's starter", e);
}

static int write_volume(const struct carrier_parts *p, uint64_t offset, struct buf *out, struct err *e)
{
	static const char meta[] = "instance-id: natal\ndsmode: local\n", network[] = "config: disabled\n";
	scoped_buf struct buf user = BUF_MAX(TEXT_MAX), start = BUF_MAX(TEXT_MAX);
	int r;

	if ((r = user_data(p, offset, &user, e)) || (r = padded_starter(p, offset, &start, e)))
		return r;
	const struct volume_file files[] = {
		{ CARRIER_FILE, p->tar.data, p->tar.size, 0444 }, { CARRIER_START, start.data, start.size, 0444 }, { "user-data", user.data, user.size, 0444 },
		{ "meta-data", meta, strlen(meta), 0444 }, { "network-config", network, strlen(network), 0444 },
	};
	return volume_write(CARRIER_LABEL, files, ARRAY_SIZE(files), out, e);
}

static int find(const struct buf *volume, struct carrier_places *ret, struct err *e)
{
	struct iso_file tar = { 0 }, start = { 0 };
	scoped_fd int fd = memfd_create("natal-carrier", MFD_CLOEXEC);

	if (fd < 0 || fd_write_all(fd, volume->data, volume->size) < 0)
		return err_sys(e, "memory for the agent's volume");
	int r = iso_find(fd, volume->size, CARRIER_LABEL, CARRIER_FILE, &tar, e);
	if (r || (r = iso_find(fd, volume->size, CARRIER_LABEL, CARRIER_START, &start, e)))
		return r;
	*ret = (struct carrier_places){ tar.offset, start.offset };
	return 0;
}

/* Twice: where the archive lies is known when the volume is written, and stands in files of it. */
int carrier_volume(const struct carrier_parts *p, struct buf *out, struct carrier_places *ret, struct err *e)
{
	scoped_buf struct buf first = BUF_MAX(VOLUME_MAX);
	struct carrier_places at;
	int r;

	if ((r = write_volume(p, ISO_SECTOR, &first, e)) || (r = find(&first, &at, e)) || (r = write_volume(p, at.tar, out, e)) || (r = find(out, ret, e)))
		return r;
	return ret->tar == at.tar ? 0 : err_set(e, ERR_INTERNAL, "make the agent's volume: its archive moved from %llu to %llu", (unsigned long long)at.tar,
		(unsigned long long)ret->tar);
}

/* What stands in /run/natal/start until the real one has been read and compared. */
static int fetcher(const struct carrier_parts *p, const struct carrier_places *at, struct buf *out, struct err *e)
{
	scoped_buf struct buf starter = BUF_MAX(TEXT_MAX);
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	int r = padded_starter(p, at->tar, &starter, e);
	if (r)
		return r;
	sha256(starter.data, starter.size, digest);
	hex_encode(digest, sizeof digest, hex);
	buf_printf(out, "cd /run/natal\ndd if=/dev/disk/by-label/" CARRIER_LABEL " of=starter bs=%d skip=%llu count=%zu 2>dd\n"
		"[ \"$(sha256sum <starter)\" = \"%s  -\" ] || { echo natal: the starter on the medium is not the one that was named >&2; exit 1; }\nexec sh ./starter\n",
		ISO_SECTOR, (unsigned long long)at->start / ISO_SECTOR, starter.size / ISO_SECTOR, hex);
	return buf_check(out, "the agent's credential", e);
}

static void tmpfile_line(struct buf *out, const char *path, const struct buf *bytes)
{
	buf_printf(out, "f+~ /dev/.natal/%s 0644 root root - ", path);
	base64_encode(out, bytes->data, bytes->size);
	buf_str(out, "\n");
}

/* systemd-tmpfiles reads this credential before udev starts, for paths in /dev: a link there leads to /run. So the rule is there when the first
 * device appears, and the unit when the rule wants it. */
int carrier_credential(const struct carrier_parts *p, const struct carrier_places *at, struct buf *out, struct err *e)
{
	scoped_buf struct buf fetch = BUF_MAX(TEXT_MAX), rule = BUF_MAX(1024), lines = BUF_MAX(TEXT_MAX);

	int r = fetcher(p, at, &fetch, e);
	if (r)
		return r;
	buf_str(&rule, UDEV_RULE);
	buf_str(&lines, "L+ /dev/.natal - - - - /run\nd /dev/.natal/natal 0700 root root -\nd /dev/.natal/udev 0755 root root -\nd /dev/.natal/udev/rules.d 0755 root root -\n"
		"d /dev/.natal/systemd/system 0755 root root -\n");
	tmpfile_line(&lines, "natal/start", &fetch);
	tmpfile_line(&lines, "systemd/system/natal-carry.service", &p->unit);
	tmpfile_line(&lines, "udev/rules.d/99-natal.rules", &rule);
	buf_str(out, "io.systemd.credential.binary:tmpfiles.extra=");
	base64_encode(out, lines.data, lines.size);
	if (!out->failed && out->size > CARRIER_OEM_MAX)
		return err_set(e, ERR_INTERNAL, "the agent's credential is of %zu bytes: %d at most", out->size, CARRIER_OEM_MAX);
	return lines.failed ? buf_check(&lines, "the agent's credential", e) : buf_check(out, "the agent's credential", e);
}

int carrier_archive(const struct carrier_parts *p, struct buf *out, struct err *e)
{
	scoped_buf struct buf starter = BUF_MAX(TEXT_MAX);

	int r = carrier_starter(p, 0, &starter, e);
	if (r)
		return r;
	const struct { const char *name; const struct buf *bytes; } files[] = {
		{ "natal/" CARRIER_FILE, &p->tar }, { "natal/start", &starter }, { "natal/natal-carry.service", &p->unit }, { "natal/hook", &p->hook },
		{ "conf/conf.d/natal", &p->conf },
	};
	static const char *const folders[] = { "natal", "conf", "conf/conf.d" };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		cpio_add(out, folders[i], S_IFDIR | 0755, "", 0);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		cpio_add(out, files[i].name, S_IFREG | 0644, files[i].bytes->data, files[i].bytes->size);
	cpio_end(out);
	return buf_check(out, "the agent's archive", e);
}
