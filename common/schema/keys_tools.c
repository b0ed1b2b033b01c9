/* keys_tools.c - programs that manage machines in their own way, and what single distributions have. */
#include "common/schema/keys.h"

#define ITS_OWN "it is configured by write_files, installed by packages and started by runcmd"

static const struct field pull_fields[] = {
	F("accept_host_key", BOOL), F("clean", BOOL), F("full", BOOL), F("diff", BOOL), F("ssh_common_args", TEXT), F("scp_extra_args", TEXT),
	F("sftp_extra_args", TEXT), F("private_key", TEXT), F("checkout", TEXT), F("module_path", TEXT), F("timeout", TEXT),
	F("url", TEXT, REQUIRED), F("connection", TEXT), F("vault_id", TEXT), F("vault_password_file", TEXT), F("verify_commit", BOOL),
	F("inventory", TEXT), F("module_name", TEXT), F("sleep", TEXT), F("tags", TEXT), F("skip_tags", TEXT),
	F("playbook_name", TEXT, OLD("25.2", "playbook_names")), F("playbook_names", TEXTS), { 0 },
};
#define PULL(...) SHAPE(.kinds = K(MAP), ONE_OF("playbook_name", "playbook_names"), .fields = pull_fields, __VA_ARGS__)

MODULE(ansible, "ansible", IGNORED, ITS_OWN,
	F("ansible", MAP(
		F("install_method", WORD("distro", "pip")), F("run_user", TEXT), F("ansible_config", TEXT),
		F("setup_controller", MAP(
			F("repositories", LIST(MAP(F("path", TEXT, REQUIRED), F("source", TEXT, REQUIRED)))),
			F("run_ansible", LIST(OPEN_MAP(
				F("playbook_name", TEXT), F("playbook_dir", TEXT), F("become_password_file", TEXT), F("connection_password_file", TEXT),
				F("list_hosts", BOOL), F("syntax_check", BOOL), F("timeout", COUNT), F("vault_id", TEXT), F("vault_password_file", TEXT),
				F("background", COUNT), F("check", BOOL), F("diff", BOOL), F("module_path", TEXT), F("poll", COUNT), F("args", TEXT),
				F("extra_vars", TEXT), F("forks", COUNT), F("inventory", TEXT), F("scp_extra_args", TEXT), F("sftp_extra_args", TEXT),
				F("private_key", TEXT), F("connection", TEXT), F("module_name", TEXT), F("sleep", TEXT), F("tags", TEXT),
				F("skip_tags", TEXT)))))),
		F("galaxy", MAP(F("actions", LIST(TEXTS), REQUIRED))),
		F("package_name", TEXT), F("pull", ANY(LIST(PULL(.since = NULL)), PULL(.since = "25.2", .instead = "pull as a list of such maps"))))));

MODULE(chef, "chef", IGNORED, ITS_OWN,
	F("chef", FILLED_MAP(
		F("directories", LIST(TEXT, .min = 1, .unique = true)), F("config_path", TEXT), F("validation_cert", TEXT), F("validation_key", TEXT),
		F("firstboot_path", TEXT), F("exec", BOOL), F("client_key", TEXT), F("encrypted_data_bag_secret", TEXT), F("environment", TEXT),
		F("file_backup_path", TEXT), F("file_cache_path", TEXT), F("json_attribs", TEXT), F("log_level", TEXT), F("log_location", TEXT),
		F("node_name", TEXT), F("omnibus_url", TEXT), F("omnibus_url_retries", INT), F("omnibus_version", TEXT), F("pid_file", TEXT),
		F("server_url", TEXT), F("show_time", BOOL), F("ssl_verify_mode", TEXT), F("validation_name", TEXT), F("force_install", BOOL),
		F("initial_attributes", ANY_MAP), F("install_type", WORD("packages", "gems", "omnibus")), F("run_list", TEXTS),
		F("chef_license", WORD("accept", "accept-silent", "accept-no-persist")))));

MODULE(mcollective, "mcollective", IGNORED, ITS_OWN,
	F("mcollective", MAP(F("conf", SHAPE(.kinds = K(MAP), .fields = FIELDS(F("public-cert", TEXT), F("private-cert", TEXT)),
		.named = form_some, .name_form = "any text but an empty one", .others = SHAPE(.kinds = K(BOOL) | K(INT) | K_TEXT))))));

MODULE(puppet, "puppet", IGNORED, ITS_OWN,
	F("puppet", MAP(
		F("install", BOOL), F("version", TEXT), F("install_type", WORD("packages", "aio")), F("collection", TEXT), F("aio_install_url", TEXT),
		F("cleanup", BOOL), F("conf_file", TEXT), F("ssl_dir", TEXT), F("csr_attributes_path", TEXT), F("package_name", TEXT), F("exec", BOOL),
		F("exec_args", TEXTS), F("start_service", BOOL),
		F("conf", MAP(F("main", ANY_MAP), F("server", ANY_MAP), F("agent", ANY_MAP), F("user", ANY_MAP), F("ca_cert", TEXT))),
		F("csr_attributes", MAP(F("custom_attributes", ANY_MAP), F("extension_requests", ANY_MAP))))));

MODULE(salt_minion, "salt_minion", IGNORED, ITS_OWN,
	F("salt_minion", MAP(
		F("pkg_name", TEXT), F("service_name", TEXT), F("config_dir", TEXT), F("conf", ANY_MAP), F("grains", ANY_MAP), F("public_key", TEXT),
		F("private_key", TEXT), F("pki_dir", TEXT))));

MODULE(landscape, "landscape", IGNORED, ITS_OWN,
	F("landscape", MAP(F("client", OPEN_MAP(
		F("url", TEXT), F("ping_url", TEXT), F("data_path", TEXT), F("log_level", WORD("debug", "info", "warning", "error", "critical")),
		F("computer_title", TEXT, REQUIRED), F("account_name", TEXT, REQUIRED), F("registration_key", TEXT),
		F("tags", SHAPE(.kinds = K_TEXT, .matches = form_tags, .form = "words of letters, digits, - and _ with commas between them")),
		F("http_proxy", TEXT), F("https_proxy", TEXT)), REQUIRED))));

MODULE(lxd, "lxd", IGNORED, ITS_OWN,
	F("lxd", FILLED_MAP(
		F("init", MAP(
			F("network_address", TEXT), F("network_port", INT), F("storage_backend", WORD("zfs", "dir", "lvm", "btrfs")),
			F("storage_create_device", TEXT), F("storage_create_loop", INT), F("storage_pool", TEXT), F("trust_password", TEXT))),
		F("bridge", MAP(
			F("mode", WORD("none", "existing", "new"), REQUIRED), F("name", TEXT), F("mtu", SHAPE(.kinds = K(INT), .limited = true, .low = -1)),
			F("ipv4_address", TEXT), F("ipv4_netmask", INT), F("ipv4_dhcp_first", TEXT), F("ipv4_dhcp_last", TEXT), F("ipv4_dhcp_leases", INT),
			F("ipv4_nat", BOOL), F("ipv6_address", TEXT), F("ipv6_netmask", INT), F("ipv6_nat", BOOL), F("domain", TEXT))),
		F("preseed", TEXT))));

MODULE(wireguard, "wireguard", IGNORED, ITS_OWN,
	F("wireguard", SHAPE(.kinds = K(NULL) | K(MAP), .fields = FIELDS(
		F("interfaces", LIST(MAP(F("name", TEXT), F("config_path", TEXT), F("content", TEXT)), .min = 1), REQUIRED),
		F("readinessprobe", UNIQUE_TEXTS)))));

MODULE(byobu, "byobu", IGNORED, "a terminal's comfort belongs into the image or into runcmd",
	F("byobu_by_default", WORD("enable-system", "enable-user", "disable-system", "disable-user", "enable", "disable", "user", "system")));
MODULE(fan, "fan", IGNORED, ITS_OWN, F("fan", MAP(F("config", TEXT, REQUIRED), F("config_path", TEXT))));
MODULE(grub_dpkg, "grub_dpkg", IGNORED, "a boot loader's packages are the image's; apt: debconf_selections answers their questions",
	F("grub_dpkg", MAP(
		F("enabled", BOOL), F("grub-pc/install_devices", TEXT),
		F("grub-pc/install_devices_empty", ANY(BOOL, OLD_TEXT("22.3", "true or false"))), F("grub-efi/install_devices", TEXT))),
	F("grub-dpkg", ANY_MAP, OLD("22.2", "grub_dpkg")));
MODULE(raspberry_pi, "raspberry_pi", IGNORED, "a virtual machine has none of these ports",
	F("rpi", OPEN_MAP(
		F("interfaces", OPEN_MAP(F("spi", BOOL), F("i2c", BOOL),
			F("serial", ANY(BOOL, OPEN_MAP(F("console", BOOL), F("hardware", BOOL)))), F("onewire", BOOL))),
		F("enable_usb_gadget", BOOL))));
MODULE(disable_ec2_metadata, "disable_ec2_metadata", REFUSED, "natal asks no metadata service; a route against one is written by bootcmd",
	F("disable_ec2_metadata", BOOL));
