/* medium.h - the signed medium: an ISO 9660 image with one file, made in memory from a bundle's row, the same bytes each time. */
#pragma once
#include "controller/service/ctl.h"

/* A sealed memfd of the image. */
int medium_make(struct ctl *c, const struct vm *v, int *ret_fd, struct err *e);
/* The image around any bundle: for tests. */
int medium_iso(const void *bundle, size_t size, int *ret_fd, struct err *e);
