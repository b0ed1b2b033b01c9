/* modules.c - the table: in the order in which items are applied. */
#include "agent/module/module.h"

const struct module modules[] = {
	/* name             stage        policy unless user-data says otherwise */
	{ "report_key",      STAGE_EARLY, POLICY_FAIL,    module_report_key },
	{ "accounts",        STAGE_EARLY, POLICY_FAIL,    module_accounts },
	{ "set_passwords",   STAGE_EARLY, POLICY_FAIL,    module_set_passwords },
	{ "users",           STAGE_EARLY, POLICY_FAIL,    module_users },
	{ "machine_id",      STAGE_EARLY, POLICY_DEGRADE, module_machine_id },
	{ "hostname",        STAGE_EARLY, POLICY_DEGRADE, module_hostname },
	{ "ssh_host_keys",   STAGE_EARLY, POLICY_FAIL,    module_ssh_host_keys },
	{ "sshd",            STAGE_EARLY, POLICY_DEGRADE, module_sshd },
	{ "tls_identity",    STAGE_EARLY, POLICY_FAIL,    module_tls_identity },
	{ "boothooks",       STAGE_EARLY, POLICY_DEGRADE, module_boothooks },
	{ "bootcmd",         STAGE_EARLY, POLICY_DEGRADE, module_bootcmd },
	{ "write_files",     STAGE_EARLY, POLICY_DEGRADE, module_write_files },
	{ "ca_certificates", STAGE_EARLY, POLICY_DEGRADE, module_ca_certificates },
	{ "network",         STAGE_EARLY, POLICY_DEGRADE, module_network },
	{ "timezone",        STAGE_EARLY, POLICY_DEGRADE, module_timezone },
	{ "seed_random",     STAGE_EARLY, POLICY_DEGRADE, module_seed_random },
	{ "resolv_conf",     STAGE_EARLY, POLICY_DEGRADE, module_resolv_conf },
	{ "keyboard",        STAGE_LATE,  POLICY_DEGRADE, module_keyboard },
	{ "apt_configure",   STAGE_LATE,  POLICY_DEGRADE, module_apt_configure },
	{ "yum_repos",       STAGE_LATE,  POLICY_DEGRADE, module_yum_repos },
	{ "packages",        STAGE_LATE,  POLICY_DEGRADE, module_packages },
	{ "locale",          STAGE_LATE,  POLICY_DEGRADE, module_locale },
	{ "ntp",             STAGE_LATE,  POLICY_DEGRADE, module_ntp },
	{ "rsyslog",         STAGE_LATE,  POLICY_DEGRADE, module_rsyslog },
	{ "write_files",     STAGE_LATE,  POLICY_DEGRADE, module_write_files_deferred },
	{ "runcmd",          STAGE_LATE,  POLICY_DEGRADE, module_runcmd },
	{ "scripts",         STAGE_LATE,  POLICY_DEGRADE, module_scripts },
	{ "phone_home",      STAGE_LATE,  POLICY_DEGRADE, module_phone_home },
	{ "final_message",   STAGE_LATE,  POLICY_DEGRADE, module_final_message },
	{ "power_state",     STAGE_LATE,  POLICY_DEGRADE, module_power_state },
};
const size_t module_count = ARRAY_SIZE(modules);
