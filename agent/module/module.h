/* module.h - the modules: one file, one function, one row in modules.c each.
 *
 * A module turns its part of the config into items by want_*() (plan/build.h).  It reads the facts, and changes nothing.
 */
#pragma once
#include "agent/plan/build.h"

/* Where the agent keeps its own; journal.h and report/ have more of it. */
#define STATE_DIR "/var/lib/natal"
#define REPORT_KEY_PATH STATE_DIR "/report-key"
/* Where the controller is and who it is, as the last bundle said: {"id", "names", "spki_pins"}, as in its manifest. */
#define CONTROLLER_PATH STATE_DIR "/controller"
#define RUNCMD_PATH STATE_DIR "/runcmd.sh"
#define TLS_DIR "/etc/natal/tls"
/* A private key whose public half alone came: it is here already, or the item fails. And whose it is says the public file that lies beside it: digest_of
 * reads what a public text stands for. A goal of a controller whose store was put back may bring the half of a key that this guest has not any more. */
typedef int kept_digest_fn(const char *text, const char *path, uint8_t ret[SHA256_SIZE], struct err *e);
struct kept_key { const char *private_path, *public_path; const struct blob *public; kept_digest_fn *digest_of; };
int want_kept(struct builder *b, const struct kept_key *k, struct err *e);
/* scripts.c: how long a user's script may take in this stage. */
int script_timeout_ms(const struct config *c, enum stage stage);

/* cloud_init.c: where cloud-init looks for what it is to do, and its own configuration that leads it there. */
#define CLOUD_INIT_PROGRAM "/usr/bin/cloud-init"
#define CLOUD_INIT_SEED "/var/lib/cloud/seed/nocloud"
/* cloud-init's generator says by this file that it does not run in this boot, and has its target not started then; natal-agent says the same with a text of its own. */
#define CLOUD_INIT_DISABLED "/run/cloud-init/disabled"
#define CLOUD_INIT_DISABLED_BY_US "natal-agent: it has no part in this boot\n"
#define CLOUD_INIT_CONFIG "/etc/cloud/cloud.cfg.d/99-natal.cfg"
int module_cloud_init(struct builder *b, struct err *e);
int module_report_key(struct builder *b, struct err *e);
int module_accounts(struct builder *b, struct err *e);
int module_set_passwords(struct builder *b, struct err *e);
/* Have these passwords not been given to this instance yet? */
bool set_passwords_due(struct builder *b);
int module_users(struct builder *b, struct err *e);
int module_machine_id(struct builder *b, struct err *e);
int module_hostname(struct builder *b, struct err *e);
int module_ssh_host_keys(struct builder *b, struct err *e);
int module_ssh_host_keys_behind(struct builder *b, struct err *e);
/* None are given, and this guest has what makes them. */
bool ssh_keys_are_made(struct builder *b);
int module_random_passwords(struct builder *b, struct err *e);
/* Has this user a password that was made up for this instance, and is none to be made up again? */
bool random_passwords_made(struct builder *b, const char *name);
/* The public key of this type on the console too, where the others were shown. */
void ssh_publish_one(struct builder *b, const char *type);
int module_ssh_publish(struct builder *b, struct err *e);
int module_sshd(struct builder *b, struct err *e);
int module_tls_identity(struct builder *b, struct err *e);
int module_ca_certificates(struct builder *b, struct err *e);
int module_write_files(struct builder *b, struct err *e);
int module_write_files_deferred(struct builder *b, struct err *e);
int module_bootcmd(struct builder *b, struct err *e);
int module_boothooks(struct builder *b, struct err *e);
int module_growpart(struct builder *b, struct err *e);
int module_disk_setup(struct builder *b, struct err *e);
int module_fs_setup(struct builder *b, struct err *e);
int module_mounts(struct builder *b, struct err *e);
int module_mounts_network(struct builder *b, struct err *e);
int module_scripts(struct builder *b, struct err *e);
int module_scripts_last(struct builder *b, struct err *e);
int module_network(struct builder *b, struct err *e);
int module_timezone(struct builder *b, struct err *e);
int module_seed_random(struct builder *b, struct err *e);
int module_resolv_conf(struct builder *b, struct err *e);
int module_locale(struct builder *b, struct err *e);
int module_keyboard(struct builder *b, struct err *e);
int module_rsyslog(struct builder *b, struct err *e);
int module_apt_configure(struct builder *b, struct err *e);
int module_yum_repos(struct builder *b, struct err *e);
int module_zypper(struct builder *b, struct err *e);
int module_apk(struct builder *b, struct err *e);
int module_packages(struct builder *b, struct err *e);
int module_ntp(struct builder *b, struct err *e);
int module_phone_home(struct builder *b, struct err *e);
int module_final_message(struct builder *b, struct err *e);
int module_power_state(struct builder *b, struct err *e);
int module_runcmd(struct builder *b, struct err *e);
/* goal.c: users and files that are to be absent; the state; and the one that lasts over boots. */
int module_absent(struct builder *b, struct err *e);
int module_key_services(struct builder *b, struct err *e);
int module_goal_state(struct builder *b, struct err *e);
int module_quarantine(struct builder *b, struct err *e);
