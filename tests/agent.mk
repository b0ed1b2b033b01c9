# Tests of agent/.
noinst_PROGRAMS += tests/tools/agent_fault
tests_tools_agent_fault_CFLAGS = $(TEST_CFLAGS)
tests_tools_agent_fault_LDADD = $(AGENT_LIBS)
dist_check_SCRIPTS += tests/agent/fault.sh tests/agent/golden.sh tests/agent/refuse.sh tests/agent/space.sh tests/agent/boot.sh
EXTRA_DIST += tests/agent/lib.sh tests/agent/controller.py
EXTRA_DIST += $(GOLDEN)
GOLDEN = tests/golden/typical/seed/user-data tests/golden/typical/seed/network-config tests/golden/typical/seed/report-key \
	tests/golden/typical/seed/ssh/ssh_host_ed25519_key tests/golden/typical/seed/ssh/ssh_host_ed25519_key.pub \
	tests/golden/typical/seed/tls/cert.pem tests/golden/typical/seed/tls/chain.pem tests/golden/typical/seed/tls/key.pem \
	tests/golden/typical/expect.plan.json tests/golden/typical/expect.tree \
	tests/golden/accounts/seed/user-data tests/golden/accounts/expect.plan.json tests/golden/accounts/expect.tree \
	tests/golden/networks/seed/user-data tests/golden/networks/seed/network-config \
	tests/golden/networks/expect.plan.json tests/golden/networks/expect.tree \
	tests/golden/changed/seed/user-data tests/golden/changed/seed/network-config tests/golden/changed/seed2/user-data \
	tests/golden/changed/seed2/network-config tests/golden/changed/expect.plan.json tests/golden/changed/expect.tree
