/* ahead.c - see ahead.h */
#include "controller/service/ahead.h"

#include <string.h>
#include "controller/store/boot.h"
#include "controller/store/bundle_ahead.h"
#include "controller/store/vm_recent.h"

int ahead_read(struct ctl *c, const struct ahead_guest *guests, size_t n, struct err *e)
{
	struct bundle_ref refs[AHEAD_MAX] = { { .sequence = 0 } }, bundles[AHEAD_MAX];
	size_t count = 0;
	int r;

	if (n > AHEAD_MAX)
		n = AHEAD_MAX;
	for (size_t i = 0; i < n; i++)
		memcpy(refs[i].vm_id, guests[i].vm_id, STORE_ID_MAX);
	if ((r = vm_read_ahead(c->store, refs, n, e)) || (r = boot_ahead_read(c->store, refs, n, e)))
		return r;
	for (size_t i = 0; i < n; i++) {
		const struct vm *v = guests[i].bundle ? vm_recent_peek(c->store, guests[i].vm_id) : NULL;
		if (!v)
			continue;
		bundles[count] = refs[i];
		bundles[count++].sequence = v->sequence;
	}
	return count ? bundle_ahead_read(c->store, bundles, count, true, e) : 0;
}
