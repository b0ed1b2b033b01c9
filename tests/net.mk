# Tests of common/network.
dist_check_SCRIPTS += tests/vectors/cloud-init/net.py
EXTRA_DIST += \
	tests/vectors/cloud-init/net_parse.jsonl tests/vectors/cloud-init/net_render_eni.jsonl \
	tests/vectors/cloud-init/net_render_netplan.jsonl tests/vectors/cloud-init/net_render_network_manager.jsonl \
	tests/vectors/cloud-init/net_render_networkd.jsonl tests/vectors/cloud-init/net_render_sysconfig.jsonl \
	tests/vectors/cloud-init/openstack_net_json.jsonl
check_PROGRAMS += tests/unit/common/network/test_netconf
tests_unit_common_network_test_netconf_CFLAGS = $(TEST_CFLAGS)
tests_unit_common_network_test_netconf_LDADD = $(COMMON_LIBS) $(CMOCKA_LIBS)
check_PROGRAMS += tests/unit/agent/plan/test_networks
tests_unit_agent_plan_test_networks_CFLAGS = $(AGENT_TEST_CFLAGS)
tests_unit_agent_plan_test_networks_LDADD = $(AGENT_TEST_LIBS)
