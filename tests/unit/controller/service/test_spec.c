/* test_spec.c - what an operator asks for, and what the guest is given. */
#include "tests/unit/unit.h"
#include "controller/service/spec.h"

static struct err e;
static struct json_object *object;
static struct vm_spec spec;

static int read_spec(const char *json)
{
	json_free(object);
	object = NULL;
	assert_ok(json_parse(json, strlen(json), "test", &object, &e), e);
	return spec_read(object, &spec, &e);
}

static void refuses(void **state)
{
	static const struct { const char *json, *says; int code; } cases[] = {
		{ "{\"name\":\"Web\"}", "VM name 'Web' is not a host name label", ERR_FORMAT },
		{ "{\"name\":\"-a\"}", "VM name '-a'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"uuid\":\"x\"}", "UUID 'x' is not of the form", ERR_FORMAT },
		{ "{\"name\":\"a\",\"uuid\":\"6F0C2A5E-0000-4000-8000-000000000000\"}", "in small letters", ERR_FORMAT },
		{ "{\"name\":\"a\",\"mac\":\"01:00:00:00:00:01\"}", "MAC '01:00:00:00:00:01'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"host\":\"a/b\"}", "host", ERR_FORMAT },
		{ "{\"name\":\"a\",\"memory_mb\":1}", "memory is 64 MB to 4 TB", ERR_FORMAT },
		{ "{\"name\":\"a\",\"channel\":\"/x\"}", "channel '/x' is not unix:PATH", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"0bob\"}]}", "user '0bob'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\",\"ssh_keys\":[\"junk\"]}]}", "SSH key 'junk'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\",\"ssh_keys\":[\"ssh-ed25519 notbase64! x\"]}]}", "is not a line of an OpenSSH", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\",\"ssh_keys\":\"x y\"}]}", "user.ssh_keys is not an array", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\",\"sudo\":\"false\"}]}", "user.sudo is not true or false", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\",\"ssh_key\":[]}]}", "unknown key 'ssh_key'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[7]}", "user is not an object", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/etc/..\",\"content_b64\":\"\"}]}", "file '/etc/..'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/etc/\",\"content_b64\":\"\"}]}", "file '/etc/'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/a\\nb\",\"content_b64\":\"\"}]}", "is not an absolute path of a file", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/a\",\"content_b64\":\"!!\"}]}", "a file's content is not base64", ERR_FORMAT },
		{ "{\"name\":\"a\",\"timezone\":\"../../etc/passwd\"}", "timezone '../../etc/passwd'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"uuid\":\"00000000-0000-0000-0000-000000000000\"}", "UUID '00000000", ERR_FORMAT },
		{ "{\"name\":\"a\",\"hostname\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", "hostname 'aaa", ERR_FORMAT },
		{ "{\"name\":\"a\",\"forwards\":[{\"guest\":\"22\"}]}", "forward.guest is not a whole number", ERR_FORMAT },
		{ "{\"name\":\"a\",\"addresses\":[\"10.0.0.1\"]}", "address '10.0.0.1'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"addresses\":[\"10.0.0.1/33\"]}", "address '10.0.0.1/33'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"addresses\":[\"dhcp,gw=10.0.0.1\"]}", "address option 'gw=10.0.0.1'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"addresses\":[\"10.0.0.2/24,gw=x\"]}", "address option 'gw=x'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"x\",\"content_b64\":\"\"}]}", "file 'x' is not an absolute path", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/x\",\"content_b64\":\"\",\"mode\":\"644\"}]}", "mode '644'", ERR_FORMAT },
		{ "{\"name\":\"a\",\"ca_certs\":[\"x\"]}", "CA certificate", ERR_FORMAT },
		{ "{\"name\":\"a\",\"ca_certs\":[\"-----BEGIN CERTIFICATE-----\\nAAAA\\n-----END CERTIFICATE-----\\n\"]}", "CA certificate", ERR_FORMAT },
		{ "{\"name\":\"a\",\"run\":[\"a\",\"b\\u0000c\"]}", "run: entry 2 is no text, or holds a NUL", ERR_FORMAT },
		{ "{\"name\":\"a\",\"users\":[{\"name\":\"bob\"},{\"name\":\"bob\",\"sudo\":true}]}", "user 'bob' is given twice", ERR_FORMAT },
		{ "{\"name\":\"a\",\"files\":[{\"path\":\"/x\",\"content_b64\":\"\"},{\"path\":\"/x\",\"content_b64\":\"\"}]}", "file '/x' is given twice",
			ERR_FORMAT },
		{ "{\"name\":\"a\",\"forwards\":[{\"host\":0,\"guest\":0}]}", "ports are 1 to 65535", ERR_FORMAT },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_err(read_spec(cases[i].json), cases[i].code, e, cases[i].says);
	json_free(object);
	object = NULL;
}

static void user_data(void **state)
{
	struct buf b = BUF_MAX(65536);

	assert_ok(read_spec("{\"name\":\"web-1\",\"timezone\":\"Europe/Berlin\",\"users\":[{\"name\":\"alice\",\"ssh_keys\":[\"ssh-ed25519 AAAA a\"],\"sudo\":true}],"
		"\"files\":[{\"path\":\"/x\",\"content_b64\":\"YQ==\"}],\"run\":[\"true\"]}"), e);
	assert_ok(spec_user_data(&spec, &b, &e), e);
	assert_string_equal(b.data, "#cloud-config\n{\"hostname\":\"web-1\",\"timezone\":\"Europe/Berlin\",\"users\":[{\"name\":\"alice\",\"shell\":\"/bin/bash\","
		"\"lock_passwd\":true,\"ssh_authorized_keys\":[\"ssh-ed25519 AAAA a\"],\"sudo\":\"ALL=(ALL) NOPASSWD:ALL\"}],"
		"\"write_files\":[{\"path\":\"/x\",\"encoding\":\"b64\",\"content\":\"YQ==\",\"permissions\":\"0644\"}],\"runcmd\":[\"true\"]}");
	buf_fini(&b);
}

static void network(void **state)
{
	struct buf b = BUF_MAX(65536);

	assert_ok(read_spec("{\"name\":\"a\",\"addresses\":[\"192.0.2.7/24,gw=192.0.2.1,dns=192.0.2.53\"]}"), e);
	assert_ok(spec_network(&spec, "52:54:00:00:00:01", &b, &e), e);
	assert_string_equal(b.data, "{\"version\":2,\"ethernets\":{\"nic0\":{\"match\":{\"macaddress\":\"52:54:00:00:00:01\"},\"addresses\":[\"192.0.2.7/24\"],"
		"\"routes\":[{\"to\":\"default\",\"via\":\"192.0.2.1\"}],\"nameservers\":{\"addresses\":[\"192.0.2.53\"]}}}}");
	buf_clear(&b);
	assert_ok(read_spec("{\"name\":\"a\",\"addresses\":[\"dhcp\"]}"), e);
	assert_ok(spec_network(&spec, "", &b, &e), e);
	assert_string_equal(b.data, "{\"version\":2,\"ethernets\":{\"nic0\":{\"match\":{\"name\":\"e*\"},\"dhcp4\":true}}}");
	buf_clear(&b);
	assert_ok(read_spec("{\"name\":\"a\"}"), e);
	assert_ok(spec_network(&spec, "", &b, &e), e);
	assert_int_equal(b.size, 0);
	assert_ok(read_spec("{\"name\":\"a\",\"addresses\":[\"dhcp\",\"dhcp\"]}"), e);
	assert_err(spec_network(&spec, "", &b, &e), ERR_UNSUPPORTED, e, "one --address a VM");
	buf_fini(&b);
}

static void names(void **state)
{
	char n[8][128];
	size_t count;

	assert_ok(read_spec("{\"name\":\"a\",\"host\":\"none\",\"hostname\":\"a.example\",\"names\":[\"b\",\"192.0.2.9\"],\"addresses\":[\"192.0.2.7/24\"]}"), e);
	assert_ok(spec_names(&spec, n, 8, &count, &e), e);
	assert_int_equal(count, 4);
	assert_string_equal(n[0], "a");
	assert_string_equal(n[3], "192.0.2.7");
	assert_err(spec_names(&spec, n, 2, &count, &e), ERR_LIMIT, e, "more than 2 names");
	json_free(object);
	object = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(refuses), cmocka_unit_test(user_data), cmocka_unit_test(network),
		cmocka_unit_test(names) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
