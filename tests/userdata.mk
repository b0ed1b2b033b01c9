# Tests of common/userdata: formats, merging, templates; cloud-init's vectors of them.
dist_check_SCRIPTS += tests/vectors/cloud-init/merge.py tests/vectors/cloud-init/template.py tests/vectors/cloud-init/accounts.py tests/userdata/jinja.py \
	tests/userdata/formats.py tests/userdata/hostile.py tests/agent/sources.sh
EXTRA_DIST += tests/vectors/cloud-init/README.md tests/vectors/cloud-init/compare.py tests/vectors/cloud-init/deviations
EXTRA_DIST += tests/vectors/cloud-init/users_groups.jsonl tests/vectors/cloud-init/ssh_keyline.jsonl tests/vectors/cloud-init/ssh_authkeys.jsonl
EXTRA_DIST += tests/userdata/lib.py tests/vectors/cloud-init/merge.jsonl tests/vectors/cloud-init/template.jsonl tests/userdata/jinja.jsonl tests/userdata/jinja.vars tests/userdata/instance.json
check_PROGRAMS += tests/unit/common/userdata/test_userdata tests/unit/common/userdata/test_merge
tests_unit_common_userdata_test_userdata_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_userdata_test_userdata_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
tests_unit_common_userdata_test_merge_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_userdata_test_merge_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/common/media/test_fat
tests_unit_common_media_test_fat_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_media_test_fat_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/agent/test_waive
tests_unit_agent_test_waive_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_test_waive_LDADD = $(AGENT_TEST_LIBS)
