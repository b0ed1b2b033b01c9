/* report_key.c - the key of status frames, kept for the boots that come without a medium. */
#include "agent/module/module.h"

int module_report_key(struct builder *b, struct err *e)
{
	const struct blob *k = verified_blob(b->config->verified, BLOB_REPORT_KEY);

	if (!k)
		return 0;
	if (k->size != 32)
		return err_set(e, ERR_FORMAT, "blob '%s' has %llu bytes, not 32", BLOB_REPORT_KEY, (unsigned long long)k->size);
	want_item(b, "");
	int r = want_dir(b, STATE_DIR, 0700, 0, 0, e);
	if (r)
		return r;
	return want_file(b, &(struct want_file){ REPORT_KEY_PATH, k->bytes, 32, 0600, 0, 0, true }, e);
}
