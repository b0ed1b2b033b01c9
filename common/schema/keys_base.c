/* keys_base.c - what is no module's: merging, launch-index, and the keys of /etc/cloud/cloud.cfg, which are an image's rather than a user's. */
#include "common/schema/keys.h"

#define MERGERS ANY(TEXT, LIST(MAP( \
	F("name", WORD("list", "dict", "str"), REQUIRED), \
	F("settings", LIST(WORD("allow_delete", "no_replace", "replace", "append", "prepend", "recurse_dict", "recurse_list", "recurse_array", \
		"recurse_str")), REQUIRED)), .min = 1))
KEYS_APPLIED(base,
	F("merge_how", MERGERS), F("merge_type", MERGERS), F("launch-index", INT), F("version", WORD("v1")));

/* Those of two words are written with either stroke. */
static const char *const modules[] = {
	"ansible", "apk-configure", "apk_configure", "apt-configure", "apt_configure", "apt-pipelining", "apt_pipelining", "bootcmd", "byobu",
	"ca-certs", "ca_certs", "chef", "disable-ec2-metadata", "disable_ec2_metadata", "disk-setup", "disk_setup", "fan", "final-message",
	"final_message", "growpart", "grub-dpkg", "grub_dpkg", "install-hotplug", "install_hotplug", "keyboard", "keys-to-console",
	"keys_to_console", "landscape", "locale", "lxd", "mcollective", "mounts", "ntp", "package-update-upgrade-install",
	"package_update_upgrade_install", "phone-home", "phone_home", "power-state-change", "power_state_change", "puppet", "raspberry_pi",
	"reset-rmc", "reset_rmc", "resizefs", "resolv-conf", "resolv_conf", "rh-subscription", "rh_subscription", "rsyslog", "runcmd",
	"salt-minion", "salt_minion", "scripts-per-boot", "scripts_per_boot", "scripts-per-instance", "scripts_per_instance",
	"scripts-per-once", "scripts_per_once", "scripts-user", "scripts_user", "scripts-vendor", "scripts_vendor", "seed-random",
	"seed_random", "set-hostname", "set_hostname", "set-passwords", "set_passwords", "snap", "spacewalk", "ssh",
	"ssh-authkey-fingerprints", "ssh_authkey_fingerprints", "ssh-import-id", "ssh_import_id", "timezone", "ubuntu-advantage",
	"ubuntu_advantage", "ubuntu-autoinstall", "ubuntu_autoinstall", "ubuntu-drivers", "ubuntu_drivers", "ubuntu_pro",
	"update-etc-hosts", "update_etc_hosts", "update-hostname", "update_hostname", "users-groups", "users_groups", "wireguard",
	"write-files", "write_files", "write-files-deferred", "write_files_deferred", "yum-add-repo", "yum_add_repo", "zypper-add-repo",
	"zypper_add_repo", NULL,
};
#define MODULES LIST(ANY(SHAPE(.kinds = K_TEXT, .words = modules), LIST(ANYTHING)))
MODULE(stages, "stages", IGNORED, "the order of modules is natal's own, and no document's",
	F("cloud_init_modules", MODULES), F("cloud_config_modules", MODULES), F("cloud_final_modules", MODULES));

#define THE_IMAGES "it is an image's configuration, not a user's"
MODULE(cloud_cfg, "cloud_cfg", IGNORED, THE_IMAGES,
	F("system_info", ANY_MAP, .since = "24.2"), F("datasource", ANYTHING), F("datasource_list", ANYTHING), F("network", ANYTHING, IGNORED(
		"the network is configured by network-config")),
	F("migrate", ANYTHING), F("syslog_fix_perms", ANYTHING), F("def_log_file", ANYTHING), F("log_cfgs", ANYTHING), F("log_basic", ANYTHING),
	F("manual_cache_clean", ANYTHING), F("allow_userdata", ANYTHING), F("stages", ANYTHING), F("warnings", ANYTHING),
	F("disable_vendor_data", ANYTHING), F("unverified_modules", ANYTHING));

#define LOG_TO ANY(TEXT, LIST(TEXT, .min = 2, .max = 2), MAP(F("output", TEXT), F("error", TEXT)))
MODULE(output, "output", IGNORED, "the journal has what modules and scripts say",
	F("output", MAP(F("all", LOG_TO), F("init", LOG_TO), F("config", LOG_TO), F("final", LOG_TO))));

MODULE(reporting, "reporting", IGNORED, "natal reports to its controller, over its own channel",
	F("reporting", NAMED(ANY(
		MAP(F("type", WORD("log"), REQUIRED), F("level", WORD("DEBUG", "INFO", "WARN", "ERROR", "FATAL"))),
		MAP(F("type", WORD("print"), REQUIRED)),
		MAP(F("type", WORD("webhook"), REQUIRED), F("endpoint", TEXT, REQUIRED), F("consumer_key", TEXT), F("token_key", TEXT),
			F("token_secret", TEXT), F("consumer_secret", TEXT), F("timeout", COUNT), F("retries", SHAPE(.kinds = K(INT), .limited = true))),
		MAP(F("type", WORD("hyperv"), REQUIRED), F("kvp_file_path", TEXT), F("event_types", TEXTS))))));

MODULE(install_hotplug, "install_hotplug", IGNORED, "the network is configured at boot",
	F("updates", MAP(F("network", MAP(F("when", LIST(WORD("boot-new-instance", "boot-legacy", "boot", "hotplug")), REQUIRED))))));
