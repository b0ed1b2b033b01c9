/* allowance.c - see allowance.h */
#include "agent/apply/allowance.h"

int allowance_take(struct allowance *w, int64_t now_ms, const char *name, int *limit_ms, struct err *e)
{
	if (!w->longest_ms)
		w->from_ms = now_ms;
	if (w->longest_ms < *limit_ms)
		w->longest_ms = *limit_ms;
	int64_t all_ms = (int64_t)ALLOWANCE_TIMES * w->longest_ms, left_ms = w->from_ms + all_ms - now_ms;
	if (left_ms <= 0) {
		err_set(e, ERR_UNAVAILABLE, "%s is not run: the %lld ms that bootcmd, boothooks and random_seed have together were up before it", name,
			(long long)all_ms);
		err_hint(e, "find the one that hangs; what takes long belongs in runcmd or in a script, for which the boot does not wait");
		return -(int)e->code;
	}
	if (left_ms < *limit_ms)
		*limit_ms = (int)left_ms;
	return 0;
}
