/* late.c - see late.h */
#include "common/base/late.h"

#include <dlfcn.h>

int late_load(struct late *l, struct err *e)
{
	if (__atomic_load_n(&l->loaded, __ATOMIC_ACQUIRE))
		return 0;
	void *library = dlopen(l->soname, RTLD_NOW | RTLD_LOCAL);
	if (!library)
		return err_set(e, ERR_UNAVAILABLE, "load %s: %s", l->soname, dlerror());
	for (size_t i = 0; i < l->count; i++) {
		void *function = dlsym(library, l->names[i]);
		if (!function) {
			dlclose(library);
			return err_set(e, ERR_UNAVAILABLE, "%s has no function %s", l->soname, l->names[i]);
		}
		__atomic_store_n(&l->table[i], function, __ATOMIC_RELAXED);
	}
	__atomic_store_n(&l->loaded, true, __ATOMIC_RELEASE);
	return 0;
}
