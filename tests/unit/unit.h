/* unit.h - what every cmocka test includes. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "common/base/err.h"

/* The call must fail with this code and a message holding `text`. */
#define assert_err(call, wanted_code, e, text) \
	do { \
		int r_ = (call); \
		if (r_ != -(int)(wanted_code)) \
			fail_msg("%s: got %d (%s), wanted %d", #call, r_, r_ ? (e).msg : "success", -(int)(wanted_code)); \
		if (!strstr((e).msg, text)) \
			fail_msg("%s: message '%s' does not hold '%s'", #call, (e).msg, text); \
	} while (0)
#define assert_ok(call, e) \
	do { \
		int r_ = (call); \
		if (r_) \
			fail_msg("%s: error[%s]: %s %s", #call, err_reason((e).code), (e).where, (e).msg); \
	} while (0)
