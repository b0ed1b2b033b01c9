# Tests of common/schema and common/lint.
check_PROGRAMS += tests/unit/common/schema/test_schema
tests_unit_common_schema_test_schema_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_schema_test_schema_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)

# The support table of docs/CLOUD-INIT.md and cloud-config(5) against the tables.
dist_check_SCRIPTS += tests/schema/support.py

dist_check_SCRIPTS += tests/vectors/cloud-init/schema.py
EXTRA_DIST += tests/vectors/cloud-init/README.md tests/vectors/cloud-init/compare.py tests/vectors/cloud-init/deviations \
	tests/vectors/cloud-init/schema.jsonl

# Modules of packages and services.
EXTRA_DIST += tests/unit/agent/planned.h
check_PROGRAMS += tests/unit/agent/module/test_packages tests/unit/agent/module/test_services
tests_unit_agent_module_test_packages_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_module_test_packages_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_module_test_services_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_module_test_services_LDADD = $(AGENT_TEST_LIBS)
check_PROGRAMS += tests/unit/agent/module/test_storage tests/unit/agent/module/test_accounts tests/unit/agent/module/test_users
tests_unit_agent_module_test_users_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_module_test_users_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_module_test_storage_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_module_test_storage_LDADD = $(AGENT_TEST_LIBS)
tests_unit_agent_module_test_accounts_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_module_test_accounts_LDADD = $(AGENT_TEST_LIBS)
EXTRA_DIST += tests/golden/services/seed/user-data tests/golden/services/expect.plan.json tests/golden/services/expect.tree \
	tests/golden/services/root/etc/os-release tests/golden/services/root/usr/bin/apt-get tests/golden/services/root/etc/default/locale \
	tests/golden/services/root/etc/apt/sources.list
EXTRA_DIST += tests/integration/packages.sh
