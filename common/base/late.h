/* late.h - a shared library that is loaded when it is first needed.
 *
 * The dynamic loader takes 0.15 to 0.2 ms of CPU for each library that a program names, at each start, and most boots need neither
 * libudev, libblkid nor P-256. A library's functions stand once, in a list macro LIST(X); its table has a pointer of the header's own
 * type for each, so that a wrong call does not compile. packaging/deb/late.c names the same functions to the linker: that they exist is
 * found when building, and packages depend on what holds them.
 *
 *   static struct { UDEV_FUNCTIONS(LATE_MEMBER) } udev;
 *   static const char *const names[] = { UDEV_FUNCTIONS(LATE_NAME) };
 *   static struct late library = LATE(UDEV_SONAME, names, &udev);
 */
#pragma once
#include <stdbool.h>
#include "common/base/err.h"
#include "common/base/scope.h"

#define LATE_MEMBER(function) __typeof__(function) *function;
#define LATE_NAME(function) #function,
#define LATE(soname, names, table) { soname, names, ARRAY_SIZE(names), (void **)(table), false }

struct late {
	const char *soname;
	const char *const *names;
	size_t count;
	void **table;
	bool loaded;
};

/* Loads it unless it is. Threads may race: they store the same pointers. unavailable: the library or a function of it is not there. */
int late_load(struct late *l, struct err *e);
