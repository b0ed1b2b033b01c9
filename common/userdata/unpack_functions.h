/* unpack_functions.h - what of zlib and libzstd takes user-data out of its compression; see common/base/late.h. */
#pragma once
#include <zlib.h>
#include <zstd.h>

#define ZLIB_FUNCTIONS(X) X(inflateInit2_) X(inflate) X(inflateReset) X(inflateEnd)
#define ZSTD_FUNCTIONS(X) \
	X(ZSTD_createDStream) X(ZSTD_freeDStream) X(ZSTD_DCtx_setParameter) X(ZSTD_decompressStream) X(ZSTD_isError) X(ZSTD_getErrorName)
