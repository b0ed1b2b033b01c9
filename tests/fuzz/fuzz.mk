# Fuzz targets. Without --enable-fuzzers each replays its corpus in `make check`; with it (and CC=clang) it is a libFuzzer program:
#   tests/fuzz/fuzz_NAME -max_total_time=120 FOLDER $srcdir/tests/fuzz/corpus/NAME
# A new parser: fuzz_NAME.c beside these, corpus/NAME/ with one small input or more, a word in FUZZ_TARGETS, and four lines as the others have.
FUZZ_TARGETS = tests/fuzz/fuzz_envelope tests/fuzz/fuzz_bundle tests/fuzz/fuzz_iso tests/fuzz/fuzz_pin \
	tests/fuzz/fuzz_trust tests/fuzz/fuzz_frame tests/fuzz/fuzz_status tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_cloudconfig tests/fuzz/fuzz_netconfig tests/fuzz/fuzz_netconf tests/fuzz/fuzz_openstack \
	tests/fuzz/fuzz_sshkex tests/fuzz/fuzz_tlshello tests/fuzz/fuzz_schema
EXTRA_DIST += tests/fuzz/fuzz.h tests/fuzz/networks.h tests/fuzz/peer.h tests/fuzz/sign.h tests/fuzz/corpus
check_LIBRARIES += tests/fuzz/libfuzz.a
tests_fuzz_libfuzz_a_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_libfuzz_a_SOURCES = tests/fuzz/sign.c
FUZZ_LIBS = tests/fuzz/libfuzz.a $(COMMON_LIBS)
if FUZZERS
noinst_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN =
FUZZ_LINK = $(AM_LDFLAGS) -fsanitize=fuzzer
else
check_PROGRAMS += $(FUZZ_TARGETS)
FUZZ_MAIN = tests/fuzz/driver.c
FUZZ_LINK = $(AM_LDFLAGS)
endif

tests_fuzz_fuzz_envelope_SOURCES = tests/fuzz/fuzz_envelope.c $(FUZZ_MAIN)
tests_fuzz_fuzz_envelope_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_envelope_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_envelope_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_bundle_SOURCES = tests/fuzz/fuzz_bundle.c $(FUZZ_MAIN)
tests_fuzz_fuzz_bundle_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_bundle_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_bundle_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_iso_SOURCES = tests/fuzz/fuzz_iso.c $(FUZZ_MAIN)
tests_fuzz_fuzz_iso_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_iso_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_iso_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_pin_SOURCES = tests/fuzz/fuzz_pin.c $(FUZZ_MAIN)
tests_fuzz_fuzz_pin_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_pin_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_pin_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_trust_SOURCES = tests/fuzz/fuzz_trust.c $(FUZZ_MAIN)
tests_fuzz_fuzz_trust_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_trust_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_trust_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_frame_SOURCES = tests/fuzz/fuzz_frame.c $(FUZZ_MAIN)
tests_fuzz_fuzz_frame_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_frame_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_frame_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_status_SOURCES = tests/fuzz/fuzz_status.c $(FUZZ_MAIN)
tests_fuzz_fuzz_status_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_status_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_status_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_json_SOURCES = tests/fuzz/fuzz_json.c $(FUZZ_MAIN)
tests_fuzz_fuzz_json_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_json_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_json_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_cloudconfig_SOURCES = tests/fuzz/fuzz_cloudconfig.c tests/fuzz/planned.c tests/fuzz/planned.h $(FUZZ_MAIN)
tests_fuzz_fuzz_cloudconfig_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_cloudconfig_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_cloudconfig_LDADD = $(AGENT_LIBS)

tests_fuzz_fuzz_netconfig_SOURCES = tests/fuzz/fuzz_netconfig.c tests/fuzz/planned.c tests/fuzz/planned.h $(FUZZ_MAIN)
tests_fuzz_fuzz_netconfig_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_netconfig_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_netconfig_LDADD = $(AGENT_LIBS)

tests_fuzz_fuzz_sshkex_SOURCES = tests/fuzz/fuzz_sshkex.c $(FUZZ_MAIN)
tests_fuzz_fuzz_sshkex_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_sshkex_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_sshkex_LDADD = $(AGENT_LIBS)

tests_fuzz_fuzz_tlshello_SOURCES = tests/fuzz/fuzz_tlshello.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tlshello_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_tlshello_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_tlshello_LDADD = $(AGENT_LIBS)

tests_fuzz_fuzz_netconf_SOURCES = tests/fuzz/fuzz_netconf.c $(FUZZ_MAIN)
tests_fuzz_fuzz_netconf_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_netconf_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_netconf_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_openstack_SOURCES = tests/fuzz/fuzz_openstack.c $(FUZZ_MAIN)
tests_fuzz_fuzz_openstack_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_openstack_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_openstack_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_schema_SOURCES = tests/fuzz/fuzz_schema.c $(FUZZ_MAIN)
tests_fuzz_fuzz_schema_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_schema_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_schema_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_yaml tests/fuzz/fuzz_userdata tests/fuzz/fuzz_template
tests_fuzz_fuzz_yaml_SOURCES = tests/fuzz/fuzz_yaml.c $(FUZZ_MAIN)
tests_fuzz_fuzz_yaml_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_yaml_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_yaml_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_userdata_SOURCES = tests/fuzz/fuzz_userdata.c $(FUZZ_MAIN)
tests_fuzz_fuzz_userdata_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_userdata_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_userdata_LDADD = $(FUZZ_LIBS)

tests_fuzz_fuzz_template_SOURCES = tests/fuzz/fuzz_template.c $(FUZZ_MAIN)
tests_fuzz_fuzz_template_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_template_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_template_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_fat
tests_fuzz_fuzz_fat_SOURCES = tests/fuzz/fuzz_fat.c $(FUZZ_MAIN)
tests_fuzz_fuzz_fat_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_fat_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_fat_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_offer
tests_fuzz_fuzz_offer_SOURCES = tests/fuzz/fuzz_offer.c $(FUZZ_MAIN)
tests_fuzz_fuzz_offer_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_offer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_offer_LDADD = $(AGENT_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_url
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c $(FUZZ_MAIN)
tests_fuzz_fuzz_url_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_url_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_url_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_cloudstatus
tests_fuzz_fuzz_cloudstatus_SOURCES = tests/fuzz/fuzz_cloudstatus.c $(FUZZ_MAIN)
tests_fuzz_fuzz_cloudstatus_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_cloudstatus_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_cloudstatus_LDADD = $(AGENT_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_http
tests_fuzz_fuzz_http_SOURCES = tests/fuzz/fuzz_http.c $(FUZZ_MAIN)
tests_fuzz_fuzz_http_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_http_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_http_LDADD = $(FUZZ_LIBS)

FUZZ_TARGETS += tests/fuzz/fuzz_have
tests_fuzz_fuzz_have_SOURCES = tests/fuzz/fuzz_have.c $(FUZZ_MAIN)
tests_fuzz_fuzz_have_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_have_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_have_LDADD = $(FUZZ_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_goal
tests_fuzz_fuzz_goal_SOURCES = tests/fuzz/fuzz_goal.c $(FUZZ_MAIN)
tests_fuzz_fuzz_goal_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_goal_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_goal_LDADD = $(FUZZ_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_peer
tests_fuzz_fuzz_peer_SOURCES = tests/fuzz/fuzz_peer.c $(FUZZ_MAIN)
tests_fuzz_fuzz_peer_CFLAGS = $(TEST_CFLAGS) $(GNUTLS_CFLAGS)
tests_fuzz_fuzz_peer_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_peer_LDADD = $(CONTROLLER_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_birth tests/fuzz/fuzz_ek tests/fuzz/fuzz_tpm
tests_fuzz_fuzz_birth_SOURCES = tests/fuzz/fuzz_birth.c $(FUZZ_MAIN)
tests_fuzz_fuzz_birth_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_birth_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_birth_LDADD = $(FUZZ_LIBS)
tests_fuzz_fuzz_ek_SOURCES = tests/fuzz/fuzz_ek.c $(FUZZ_MAIN)
tests_fuzz_fuzz_ek_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_ek_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_ek_LDADD = $(CONTROLLER_LIBS)
tests_fuzz_fuzz_tpm_SOURCES = tests/fuzz/fuzz_tpm.c $(FUZZ_MAIN)
tests_fuzz_fuzz_tpm_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_tpm_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_tpm_LDADD = $(AGENT_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_spec tests/fuzz/fuzz_words
tests_fuzz_fuzz_spec_SOURCES = tests/fuzz/fuzz_spec.c $(FUZZ_MAIN)
tests_fuzz_fuzz_spec_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_spec_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_spec_LDADD = $(CONTROLLER_LIBS)
tests_fuzz_fuzz_words_SOURCES = tests/fuzz/fuzz_words.c $(FUZZ_MAIN)
tests_fuzz_fuzz_words_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_words_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_words_LDADD = $(CONTROLLER_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_host
tests_fuzz_fuzz_host_SOURCES = tests/fuzz/fuzz_host.c $(FUZZ_MAIN)
tests_fuzz_fuzz_host_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_fuzz_fuzz_host_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_host_LDADD = $(CONTROLLER_LIBS)
FUZZ_TARGETS += tests/fuzz/fuzz_intent tests/fuzz/fuzz_request
tests_fuzz_fuzz_intent_SOURCES = tests/fuzz/fuzz_intent.c $(FUZZ_MAIN)
tests_fuzz_fuzz_intent_CFLAGS = $(TEST_CFLAGS)
tests_fuzz_fuzz_intent_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_intent_LDADD = $(CONTROLLER_LIBS)
tests_fuzz_fuzz_request_SOURCES = tests/fuzz/fuzz_request.c $(FUZZ_MAIN)
tests_fuzz_fuzz_request_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_fuzz_fuzz_request_LDFLAGS = $(FUZZ_LINK)
tests_fuzz_fuzz_request_LDADD = $(CONTROLLER_LIBS)
