/* modules.c - the table: in the order in which items are applied. */
#include "agent/module/module.h"

const struct module modules[] = {
	/* name             stage        policy unless    where cloud-init does what
	                                 user-data says   user-data says: whose
	                                 otherwise */
	{ "report_key",      STAGE_EARLY, POLICY_FAIL,     OWNER_AGENT,    module_report_key },
	{ "quarantine",      STAGE_EARLY, POLICY_FAIL,     OWNER_AGENT,    module_quarantine },
	{ "machine_id",      STAGE_EARLY, POLICY_DEGRADE,  OWNER_AGENT,    module_machine_id },
	{ "ssh_host_keys",   STAGE_EARLY, POLICY_FAIL,     OWNER_AGENT,    module_ssh_host_keys },
	/* The ground: what changes devices and where paths lead to, and the user's own programs. */
	{ "boothooks",       STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_boothooks, GROUND_PATHS },
	{ "seed_random",     STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_seed_random, GROUND_PATHS },
	{ "bootcmd",         STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_bootcmd, GROUND_PATHS },
	{ "growpart",        STAGE_EARLY, POLICY_CONTINUE, OWNER_USERDATA, module_growpart, GROUND_DEVICES },
	{ "disk_setup",      STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_disk_setup, GROUND_DEVICES },
	{ "fs_setup",        STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_fs_setup, GROUND_DEVICES },
	{ "mounts",          STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_mounts, GROUND_PATHS },
	/* What stands on it. */
	{ "hostname",        STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_hostname },
	{ "accounts",        STAGE_EARLY, POLICY_FAIL,     OWNER_USERDATA, module_accounts },
	{ "set_passwords",   STAGE_EARLY, POLICY_FAIL,     OWNER_USERDATA, module_set_passwords },
	{ "users",           STAGE_EARLY, POLICY_FAIL,     OWNER_USERDATA, module_users },
	{ "sshd",            STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_sshd },
	{ "tls_identity",    STAGE_EARLY, POLICY_FAIL,     OWNER_AGENT,    module_tls_identity },
	{ "cloud_init",      STAGE_EARLY, POLICY_FAIL,     OWNER_AGENT,    module_cloud_init },
	{ "write_files",     STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_write_files },
	{ "ca_certificates", STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_ca_certificates },
	{ "network",         STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_network },
	{ "timezone",        STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_timezone },
	{ "resolv_conf",     STAGE_EARLY, POLICY_DEGRADE,  OWNER_USERDATA, module_resolv_conf },
	{ "mounts",          STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_mounts_network },
	{ "keyboard",        STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_keyboard },
	{ "apt_configure",   STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_apt_configure },
	{ "yum_repos",       STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_yum_repos },
	{ "zypper",          STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_zypper },
	{ "apk",             STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_apk },
	{ "packages",        STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_packages },
	{ "locale",          STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_locale },
	{ "ntp",             STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_ntp },
	{ "rsyslog",         STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_rsyslog },
	{ "write_files",     STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_write_files_deferred },
	{ "random_passwords", STAGE_LATE, POLICY_DEGRADE,  OWNER_USERDATA, module_random_passwords },
	{ "scripts",         STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_scripts },
	{ "runcmd",          STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_runcmd },
	{ "scripts",         STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_scripts_last },
	{ "ssh_publish",     STAGE_LATE,  POLICY_CONTINUE, OWNER_USERDATA, module_ssh_publish },
	{ "phone_home",      STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_phone_home },
	{ "key_services",    STAGE_LATE,  POLICY_DEGRADE,  OWNER_AGENT,    module_key_services },
	{ "absent",          STAGE_LATE,  POLICY_DEGRADE,  OWNER_AGENT,    module_absent },
	{ "goal",            STAGE_LATE,  POLICY_DEGRADE,  OWNER_AGENT,    module_goal_state },
	{ "final_message",   STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_final_message },
	{ "power_state",     STAGE_LATE,  POLICY_DEGRADE,  OWNER_USERDATA, module_power_state },
	{ "ssh_host_keys",   STAGE_BEHIND, POLICY_CONTINUE, OWNER_AGENT,   module_ssh_host_keys_behind },
};
const size_t module_count = ARRAY_SIZE(modules);

const char *module_owner(const struct module *m, bool delegated)
{
	return delegated && m->owner == OWNER_USERDATA ? "cloud-init" : "natal-agent";
}
