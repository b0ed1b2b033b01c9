/* boot.c - see boot.h */
#include "agent/boot.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"
#include "common/data/json.h"

#define KERNEL_BOOT_ID "/proc/sys/kernel/random/boot_id"
enum { BOOT_MAX = 4 << 20, BOOT_ID_SIZE = 36 };

static const struct json_field fields[] = {
	JSON_FIELD(struct boot, boot_id, JSON_TEXT, true), JSON_FIELD(struct boot, seq, JSON_UINT, true),
	JSON_FIELD(struct boot, phase, JSON_TEXT, true), JSON_FIELD(struct boot, outcomes, JSON_OBJECT, true),
	JSON_FIELD(struct boot, findings, JSON_ARRAY, true), JSON_FIELD(struct boot, ended, JSON_BOOL, false),
};

/* This boot's number: the one on record, or the next. What cannot be read counts as nothing. */
static void number(int root, struct boot *b)
{
	scoped_buf struct buf text = BUF_MAX(128);
	struct err ignored;
	bool absent;

	b->number = 1;
	b->counted = false;
	if (file_read(root, BOOTS_PATH, &text, &absent, &ignored) || absent)
		return;
	char *space;
	uint64_t last = strtoull(text.data, &space, 10);
	b->counted = last && *space == ' ' && strncmp(space + 1, b->boot_id, BOOT_ID_SIZE) == 0;
	b->number = b->counted ? last : last + 1;
}

int boot_count(int root, struct boot *b, struct err *e)
{
	char text[64];

	if (b->counted)
		return 0;
	int n = snprintf(text, sizeof text, "%llu %s\n", (unsigned long long)b->number, b->boot_id);
	int r = tree_replace(root, BOOTS_PATH, &(struct sys_file){ text, (size_t)n, 0600, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);
	b->counted = r == 0;
	return r;
}

int boot_load(int root, struct boot *ret, struct err *e)
{
	scoped_buf struct buf id = BUF_MAX(64), text = BUF_MAX(BOOT_MAX);
	scoped_json struct json_object *o = NULL;
	struct boot b = { 0 };
	struct err ignored;
	bool absent;

	int r = file_read(AT_FDCWD, KERNEL_BOOT_ID, &id, NULL, e);
	if (r)
		return r;
	if (id.size < 36)
		return err_set(e, ERR_SYSTEM, KERNEL_BOOT_ID " holds no boot id");
	*ret = (struct boot){ 0 };
	memcpy(ret->boot_id, id.data, BOOT_ID_SIZE);
	number(root, ret);
	if (file_read(root, BOOT_PATH, &text, &absent, &ignored) || absent || json_parse(text.data, text.size, "boot", &o, &ignored) ||
	    json_decode(o, fields, ARRAY_SIZE(fields), "boot", &b, &ignored) || strcmp(b.boot_id, ret->boot_id) != 0) {
		ret->outcomes = json_object_new_object();
		ret->findings = json_object_new_array();
		return 0;
	}
	b.number = ret->number;
	b.counted = ret->counted;
	*ret = b;
	json_object_get(ret->outcomes);
	json_object_get(ret->findings);
	return 0;
}

int boot_save(int root, const struct boot *b, struct err *e)
{
	scoped_json struct json_object *o = json_object_new_object();

	json_put(o, "boot_id", b->boot_id);
	json_put_uint(o, "seq", b->seq);
	json_put(o, "phase", b->phase);
	json_put_bool(o, "ended", b->ended);
	json_object_object_add(o, "outcomes", json_object_get(b->outcomes));
	json_object_object_add(o, "findings", json_object_get(b->findings));
	const char *text = json_line(o);
	return tree_replace(root, BOOT_PATH, &(struct sys_file){ text, strlen(text), 0600, (uid_t)-1, (gid_t)-1 }, TREE_LAZY, e);
}

void boot_fini(struct boot *b)
{
	json_free(b->outcomes);
	json_free(b->findings);
	b->outcomes = b->findings = NULL;
}
