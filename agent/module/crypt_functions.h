/* crypt_functions.h - what of libcrypt hashes passwords; see common/base/late.h. */
#pragma once
#include <crypt.h>

#define CRYPT_FUNCTIONS(X) X(crypt_r)
