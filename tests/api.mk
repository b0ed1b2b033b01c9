# Tests of the API and of natalctl as their clients and operators meet them.
dist_check_SCRIPTS += tests/controller/documents.sh tests/controller/completion.sh tests/controller/operations.sh tests/controller/openapi.sh tests/controller/apply.sh
EXTRA_DIST += tests/controller/openapi.py tests/tools/openapi-lint/package.json tests/tools/openapi-lint/package-lock.json tests/tools/openapi-lint/lint.mjs

# The linter that tests/controller/openapi.sh fetched.
clean-local:
	rm -rf openapi-lint.npm

check_PROGRAMS += tests/unit/controller/store/test_pages
tests_unit_controller_store_test_pages_CFLAGS = $(CONTROLLER_TEST_CFLAGS)
tests_unit_controller_store_test_pages_LDADD = $(CONTROLLER_TEST_LIBS)
