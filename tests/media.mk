# Tests of what is signed: keys, envelopes, bundles, media, pins.
EXTRA_DIST += tests/unit/common/media/sample.h
check_LIBRARIES += tests/unit/common/media/libsample.a
tests_unit_common_media_libsample_a_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_libsample_a_SOURCES = tests/unit/common/media/sample.c
SAMPLE_LIBS = tests/unit/common/media/libsample.a $(COMMON_LIBS) $(MBEDCRYPTO_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/crypto/test_pubkey
tests_unit_common_crypto_test_pubkey_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_crypto_test_pubkey_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/common/media/test_bundle
tests_unit_common_media_test_bundle_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_bundle_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/controller/crypto/test_signkey
tests_unit_controller_crypto_test_signkey_CFLAGS = $(TEST_CFLAGS)
tests_unit_controller_crypto_test_signkey_LDADD = $(SIGN_LIBS) $(CMOCKA_LIBS)

check_PROGRAMS += tests/unit/common/verify/test_pin
tests_unit_common_verify_test_pin_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_verify_test_pin_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/vectors/test_vectors
tests_vectors_test_vectors_CFLAGS = $(TEST_CFLAGS)
tests_vectors_test_vectors_LDADD = $(SAMPLE_LIBS)
dist_check_SCRIPTS += tests/vectors/openssl.sh tests/verify/natal-verify.sh tests/verify/hostile.sh tests/verify/ssh.sh
EXTRA_DIST += tests/vectors/README.md tests/vectors/ed25519.pub tests/vectors/p256.pub tests/vectors/bundle.natal tests/vectors/web-1.pin \
	tests/vectors/1-successor.statement tests/vectors/2-revoked.statement

check_PROGRAMS += tests/unit/common/media/test_envelope
tests_unit_common_media_test_envelope_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_envelope_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/common/media/test_policy
tests_unit_common_media_test_policy_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_policy_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/common/media/test_trust
tests_unit_common_media_test_trust_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_trust_LDADD = $(SAMPLE_LIBS)

check_PROGRAMS += tests/unit/common/media/test_iso
tests_unit_common_media_test_iso_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_iso_LDADD = $(SAMPLE_LIBS)

# Each verification check removed in turn: a test must fail.
MUTANT_LISTS = $(srcdir)/tests/mutants/media.list $(srcdir)/tests/mutants/agent.list $(srcdir)/tests/mutants/controller.list $(srcdir)/tests/mutants/userdata.list $(srcdir)/tests/mutants/network.list $(srcdir)/tests/mutants/fetch.list $(srcdir)/tests/mutants/published.list $(srcdir)/tests/mutants/api.list $(srcdir)/tests/mutants/newcomer.list
EXTRA_DIST += tests/mutants/run.sh tests/mutants/media.list tests/mutants/agent.list tests/mutants/controller.list tests/mutants/userdata.list tests/mutants/network.list tests/mutants/fetch.list tests/mutants/published.list tests/mutants/api.list tests/mutants/newcomer.list
check-mutants: all $(check_LIBRARIES) $(check_PROGRAMS)
	@srcdir='$(abs_srcdir)' builddir='$(abs_builddir)' \
	MUTANT_CC='$(CC) $(DEFS) -include config.h -I$(abs_builddir) -I$(abs_srcdir) $(CPPFLAGS) $(TEST_CFLAGS) $(BLKID_CFLAGS) $(UDEV_CFLAGS) $(CONTROLLER_CFLAGS) -w -O0 -g0' \
	MUTANT_LIBS='$(SAMPLE_LIBS)' AGENT_MUTANT_LIBS='tests/unit/common/media/libsample.a $(AGENT_TEST_LIBS) $(MBEDCRYPTO_LIBS)' CONTROLLER_MUTANT_LIBS='$(CONTROLLER_TEST_LIBS)' \
	NATAL_VERIFY_LIBS='$(natal_verify_LDADD)' NATAL_AGENT_LIBS='$(natal_agent_LDADD)' NATALD_LIBS='$(natald_LDADD)' \
	$(abs_srcdir)/tests/mutants/run.sh $(MUTANT_FLAGS) $(MUTANT_LISTS:$(srcdir)/%=$(abs_srcdir)/%)
.PHONY: check-mutants
