/* clean_verb.c - `clean`: this guest forgets that it was provisioned, so that an image can be made of it. */
#include <stdio.h>
#include "agent/apply/apply.h"
#include "agent/apply/tree.h"
#include "agent/birth/birth.h"
#include "agent/delegate.h"
#include "agent/instance.h"
#include "agent/module/made.h"
#include "agent/module/module.h"
#include "agent/verb.h"

#define MACHINE_ID_PATH "/etc/machine-id"

/* In STATE_DIR other programs of natal may have their own. The journal goes first: without the others it would say what is no longer so. */
static const struct { const char *path; size_t flag; } rows[] = {
	{ JOURNAL_PATH, 0 }, { BIRTH_NONCE_PATH, 0 }, { INTENT_PATH, 0 }, { BOOTS_PATH, 0 }, { SPOOL_DIR, 0 }, { REPORT_KEY_PATH, 0 }, { RUNCMD_PATH, 0 },
	{ TIMINGS_PATH, 0 }, { INSTANCE_KEPT_PATH, 0 }, { USERS_MADE_PATH, 0 }, { STATE_DIR "/scripts", 0 }, { STATE_DIR "/per", 0 }, { STATE_DIR "/deferred", 0 }, { "/etc/natal/fstab-local", 0 }, { STATE_DIR "/phone-home.curl", 0 }, { FETCHED_DIR, 0 },
	{ STATE_DIR "/random-seed", 0 }, { STATE_DIR "/debconf-selections", 0 }, { STATE_DIR "/final-message.sh", 0 },
	{ STATE_DIR "/power-condition.sh", 0 }, { STATE_DIR "/random-passwords.sh", 0 }, { STATE_DIR "/publish-keys.sh", 0 }, { BOOT_PATH, 0 }, { DELEGATED_PATH, 0 }, { INSTANCE_PATH, 0 }, { SPOOL_RUN_DIR, 0 },
	{ "/var/log/natal", offsetof(struct run, logs) }, { "/var/lib/cloud/seed", offsetof(struct run, seed) },
};

static int empty_machine_id(int root, struct err *e)
{
	int r = tree_replace(root, MACHINE_ID_PATH, &(struct sys_file){ "", 0, 0444, (uid_t)-1, (gid_t)-1 }, TREE_DURABLE, e);

	if (!r)
		puts("emptied " MACHINE_ID_PATH);
	return r;
}

int verb_clean(struct run *run, struct err *e)
{
	scoped(agent_close) struct agent a = { .root = -1 };
	bool any = false, removed;
	int r;

	run->options.channel = "";
	run->options.exclusive = true;
	if ((r = agent_open(&a, &run->options, e)))
		return r;
	/* What was handed to cloud-init is natal's to take back. A journal that cannot be read says nothing of it. */
	if (journal_load(a.root, &a.journal, e) == 0 && delegate_is(&a.journal))
		run->seed = true;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].flag && !*(const bool *)((const char *)run + rows[i].flag))
			continue;
		if ((r = tree_remove_all(a.root, rows[i].path, &removed, e)))
			return r;
		if (removed)
			printf("removed %s\n", rows[i].path);
		any |= removed;
	}
	if (run->machine_id && (r = empty_machine_id(a.root, e)))
		return r;
	if (!any)
		puts("nothing to remove: this guest was not provisioned");
	return any ? tree_sync(a.root, JOURNAL_PATH, e) : 0;
}
