/* runcmd.c - the user's commands: one script, run once for each instance and version of it. */
#include "agent/module/module.h"

#include <string.h>

int module_runcmd(struct builder *b, struct err *e)
{
	static const char *const argv[] = { "/bin/sh", RUNCMD_PATH, NULL };
	const char *script = b->config->runcmd;
	int r;

	if (!script)
		return 0;
	want_item(b, "");
	if ((r = want_dir(b, STATE_DIR, 0700, 0, 0, e)) ||
	    (r = want_file(b, &(struct want_file){ RUNCMD_PATH, script, strlen(script), 0700, 0, 0, true }, e)))
		return want_failed(b, e);
	want_frequency(b, FREQ_INSTANCE);
	if (want_due(b))
		want_exec(b, argv, script_timeout_ms(b->config, STAGE_LATE), "not yet run");
	return 0;
}
