/* boot.c - see boot.h */
#include "agent/boot.h"

#include <fcntl.h>
#include <string.h>
#include "agent/apply/tree.h"
#include "common/base/file.h"
#include "common/data/json.h"

#define KERNEL_BOOT_ID "/proc/sys/kernel/random/boot_id"
enum { BOOT_MAX = 4 << 20 };

static const struct json_field fields[] = {
	JSON_FIELD(struct boot, boot_id, JSON_TEXT, true), JSON_FIELD(struct boot, seq, JSON_UINT, true),
	JSON_FIELD(struct boot, phase, JSON_TEXT, true), JSON_FIELD(struct boot, outcomes, JSON_OBJECT, true),
	JSON_FIELD(struct boot, findings, JSON_ARRAY, true),
};

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
	memcpy(ret->boot_id, id.data, 36);
	if (file_read(root, BOOT_PATH, &text, &absent, &ignored) || absent || json_parse(text.data, text.size, "boot", &o, &ignored) ||
	    json_decode(o, fields, ARRAY_SIZE(fields), "boot", &b, &ignored) || strcmp(b.boot_id, ret->boot_id) != 0) {
		ret->outcomes = json_object_new_object();
		ret->findings = json_object_new_array();
		return 0;
	}
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
