/* seed.h - a bundle as if it had been verified, and a root folder, for tests of what comes after. */
#pragma once
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "common/base/proc.h"
#include "common/media/bundle.h"

enum { SEED_BLOBS = 8 };
struct test_seed { struct verified v; struct blob blobs[SEED_BLOBS]; };

static inline void seed_init(struct test_seed *s)
{
	*s = (struct test_seed){ 0 };
	s->v.manifest.blobs = s->blobs;
	s->v.manifest.sequence = 1;
	s->v.manifest.issued_at = 86400 * 100;
	memcpy(s->v.manifest.vm.uuid, "11111111-2222-3333-4444-555555555555", 37);
	memcpy(s->v.manifest.vm.instance_id, "i-1", 4);
}

static inline void seed_add(struct test_seed *s, const char *name, const char *text)
{
	struct blob *b = &s->blobs[s->v.manifest.blob_count++];

	*b = (struct blob){ .bytes = (const uint8_t *)text, .size = strlen(text), .mode = 0600, .owner = "root" };
	memcpy(b->name, name, strlen(name) + 1);
}

/* A root folder of its own below $TMPDIR; gone with root_fini(). */
struct test_root { char path[64]; int fd; };

static inline void root_put(const struct test_root *r, const char *path, const char *text)
{
	char full[512];

	snprintf(full, sizeof full, "%s%s", r->path, path);
	for (char *p = full + strlen(r->path) + 1; (p = strchr(p, '/')); p++) {
		*p = 0;
		mkdir(full, 0755);
		*p = '/';
	}
	FILE *f = fopen(full, "w");
	if (!f)
		abort();
	fputs(text, f);
	fclose(f);
}

static inline void root_init(struct test_root *r)
{
	snprintf(r->path, sizeof r->path, "/tmp/natal-test-XXXXXX");
	if (!mkdtemp(r->path) || (r->fd = open(r->path, O_RDONLY | O_DIRECTORY)) < 0)
		abort();
	root_put(r, "/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
	root_put(r, "/etc/group", "root:x:0:\nshadow:x:42:\n");
	root_put(r, "/etc/shadow", "root:*:1:0:99999:7:::\n");
}

/* Removes by the names that tests use: no more than two levels are made. */
static inline void root_fini(struct test_root *r)
{
	const char *argv[] = { "/bin/rm", "-rf", r->path, NULL };
	int status;
	struct err e;

	close(r->fd);
	proc_run(&(struct proc){ .argv = argv, .root = -1, .timeout_ms = 10000 }, &status, &e);
}
