/* carrier.c - see carrier.h */
#include "controller/service/carrier.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/clock.h"
#include "common/base/file.h"
#include "common/base/tar.h"
#include "common/crypto/hash.h"
#include "common/media/iso.h"
#include "controller/service/anchors.h"
#include "controller/service/medium.h"

enum { TAR_MAX = 64 << 20, CARRIER_MAX = 72 << 20, PART_MAX = 32 << 10, KEPT = 8, OEM_MAX = 16 << 10, DAY_S = 86400 };

static const char *const names[CARRIER_WAYS] = { [CARRIER_CLOUD_INIT] = "cloud-init", [CARRIER_SYSTEMD] = "systemd", [CARRIER_INITRD] = "initrd" };

const char *carrier_way_name(enum carrier_way way) { return way >= 0 && way < CARRIER_WAYS ? names[way] : NULL; }

bool carrier_way_read(const char *name, enum carrier_way *ret)
{
	for (size_t i = 0; i < CARRIER_WAYS; i++)
		if (strcmp(names[i], name) == 0) {
			*ret = (enum carrier_way)i;
			return true;
		}
	return false;
}

/* What a carrier was made of: the same again makes the same. */
struct made_of { uint8_t digest[SHA256_SIZE]; };
static struct { struct made_of of; struct carrier carrier; bool used; } kept[KEPT];
static size_t next_kept;

static const char *folder(void)
{
	const char *given = getenv("NATAL_AGENT_DIR");

	return given && *given ? given : NATAL_AGENT_FILES;
}

static int part(const char *name, size_t max, struct buf *out, struct err *e)
{
	char path[PATH_MAX];
	bool absent;

	snprintf(path, sizeof path, "%s/%s", folder(), name);
	*out = BUF_MAX(max);
	int r = file_read(AT_FDCWD, path, out, &absent, e);
	if (r || !absent)
		return r;
	err_set(e, ERR_NOT_FOUND, "the agent for images without one is not installed: there is no %s", path);
	err_hint(e, "make agent-payload install puts it there; $NATAL_AGENT_DIR may name another folder");
	return -(int)e->code;
}

/* Anchors and policy are this project's; built_at keeps a guest's clock from being years behind. */
static int add_trust(struct buf *tar, const struct anchors *trust, int64_t day, struct err *e)
{
	scoped_buf struct buf policy = BUF_MAX(1024);

	for (size_t i = 0; i < trust->count; i++) {
		char name[100];
		snprintf(name, sizeof name, "etc/natal/trust.d/%.80s", trust->at[i].name);
		tar_add(tar, &(struct tar_file){ name, 0644, trust->at[i].bytes.data, trust->at[i].bytes.size, 0 });
	}
	buf_printf(&policy, "{\"min_format\":1,\"algorithms\":[\"ed25519\",\"ecdsa-p256-sha256\"],\"require\":[],\"clock\":\"warn\",\"built_at\":%lld}\n", (long long)day * DAY_S);
	tar_add(tar, &(struct tar_file){ "etc/natal/policy.json", 0644, policy.data, policy.size, 0 });
	tar_end(tar, ISO_SECTOR);
	return buf_check(tar, "the agent", e);
}

static int read_parts(const struct anchors *trust, int64_t day, struct carrier_parts *ret, struct err *e)
{
	scoped_buf struct buf installed = BUF_MAX(0);
	size_t body;
	int r;

	if ((r = part(CARRIER_FILE, TAR_MAX, &installed, e)) || (r = part("start", PART_MAX, &ret->start, e)) ||
	    (r = part("natal-carry.service", PART_MAX, &ret->unit, e)) || (r = part("hook", PART_MAX, &ret->hook, e)) || (r = part("conf", PART_MAX, &ret->conf, e)))
		return r;
	if ((r = tar_body(installed.data, installed.size, &body, e)))
		return err_wrap(e, "%s/" CARRIER_FILE, folder());
	ret->tar = BUF_MAX(TAR_MAX + (1 << 20));
	buf_add(&ret->tar, installed.data, body);
	return add_trust(&ret->tar, trust, day, e);
}

static int make(const struct carrier_parts *p, enum carrier_way way, struct carrier *ret, struct err *e)
{
	scoped_buf struct buf image = BUF_MAX(CARRIER_MAX), oem = BUF_MAX(OEM_MAX);
	struct carrier_places at;
	int r;

	if (way == CARRIER_INITRD)
		r = carrier_archive(p, &image, e);
	else if (!(r = carrier_volume(p, &image, &at, e)) && way == CARRIER_SYSTEMD)
		r = carrier_credential(p, &at, &oem, e);
	if (r || (r = medium_seal(&image, &ret->fd, e)))
		return r;
	ret->oem = oem;
	oem = BUF_MAX(0);
	return 0;
}

/* The installed agent counts by its file, the keys by what they are, the day once each. */
static void digest_of(enum carrier_way way, const struct anchors *trust, int64_t day, struct made_of *ret)
{
	char path[PATH_MAX];
	struct stat st = { 0 };
	struct sha256 h;

	snprintf(path, sizeof path, "%s/" CARRIER_FILE, folder());
	(void)stat(path, &st);
	const int64_t facts[] = { way, day, (int64_t)st.st_dev, (int64_t)st.st_ino, (int64_t)st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec };
	sha256_init(&h);
	sha256_add(&h, facts, sizeof facts);
	for (size_t i = 0; i < trust->count; i++) {
		sha256_add(&h, trust->at[i].name, strlen(trust->at[i].name) + 1);
		sha256_add(&h, trust->at[i].bytes.data, trust->at[i].bytes.size);
	}
	sha256_done(&h, ret->digest);
}

static int of_anchors(const struct anchors *trust, enum carrier_way way, const struct carrier **ret, struct err *e)
{
	scoped(carrier_parts_fini) struct carrier_parts parts = { .tar = BUF_MAX(0) };
	struct carrier made = { .fd = -1 };
	struct made_of of;
	int64_t day = clock_unix_s() / DAY_S;
	int r;

	digest_of(way, trust, day, &of);
	for (size_t i = 0; i < KEPT; i++)
		if (kept[i].used && bytes_equal(&of, &kept[i].of, sizeof of)) {
			*ret = &kept[i].carrier;
			return 0;
		}
	if ((r = read_parts(trust, day, &parts, e)) || (r = make(&parts, way, &made, e)))
		return r;
	size_t at = next_kept++ % KEPT;
	if (kept[at].used) {
		scope_close(&kept[at].carrier.fd);
		buf_fini(&kept[at].carrier.oem);
	}
	kept[at].of = of;
	kept[at].carrier = made;
	kept[at].used = true;
	*ret = &kept[at].carrier;
	return 0;
}

int carrier_get(struct ctl *c, const char *project, enum carrier_way way, const struct carrier **ret, struct err *e)
{
	scoped_anchors struct anchors trust = { 0 };
	int r = anchors_of(c, project, &trust, e);

	if (r)
		return r;
	r = of_anchors(&trust, way, ret, e);
	return r ? err_wrap(e, "the agent that the host brings (%s)", names[way]) : 0;
}
