/* label_functions.h - what of libselinux labels files; see common/base/late.h. */
#pragma once
#include <selinux/label.h>
#include <selinux/selinux.h>

#define LABEL_FUNCTIONS(X) X(selabel_open) X(selabel_lookup_raw) X(setfscreatecon_raw) X(freecon)
