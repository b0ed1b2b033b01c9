# Tests of what is signed: keys, envelopes, bundles, media, pins.
EXTRA_DIST += tests/unit/common/media/sample.h
check_LIBRARIES += tests/unit/common/media/libsample.a
tests_unit_common_media_libsample_a_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_libsample_a_SOURCES = tests/unit/common/media/sample.c
SAMPLE_LIBS = tests/unit/common/media/libsample.a $(COMMON_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/crypto/test_pubkey
tests_unit_common_crypto_test_pubkey_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_crypto_test_pubkey_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/common/media/test_bundle
tests_unit_common_media_test_bundle_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_bundle_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/controller/crypto/test_signkey
tests_unit_controller_crypto_test_signkey_CFLAGS = $(TEST_CFLAGS)
tests_unit_controller_crypto_test_signkey_LDADD = $(SIGN_LIBS) $(CMOCKA_LIBS)
