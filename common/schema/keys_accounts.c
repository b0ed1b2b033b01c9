/* keys_accounts.c - users, groups, passwords, and ssh. */
#include "common/schema/keys.h"

#define PUBLISHED "host keys are in the signed pin record; nothing has to be read off a console"
#define FROM_NETWORK "keys that come over the network are not signed; write them into ssh_authorized_keys"

static const struct shape member_names = { .any = (const struct shape *const[]){ TEXT, SOME_TEXTS, NULL } };
#define GROUPS_BY_NAME .named = form_some, .name_form = "a group's name", .others = &member_names

static const struct shape user = {
	.kinds = K(MAP), ONE_OF("name", "snapuser"), .fields = FIELDS(
		F("name", TEXT), F("doas", SOME_TEXTS),
		F("expiredate", SHAPE(.kinds = K_TEXT, .matches = form_date, .form = "a date such as 2038-01-19")),
		F("gecos", TEXT),
		F("groups", ANY(TEXT, SOME_TEXTS, SHAPE(.kinds = K(MAP), .open = true, .others = SHAPE(.kinds = K(NULL), .since = "23.1",
			.instead = "the groups as a list, or as a text with commas"), .named = form_some, .name_form = "a group's name"))),
		F("homedir", TEXT), F("inactive", TEXT),
		F("lock-passwd", BOOL, OLD("22.3", "lock_passwd")), F("lock_passwd", BOOL),
		F("no-create-home", BOOL, OLD("24.2", "no_create_home")), F("no_create_home", BOOL),
		F("no-log-init", BOOL, OLD("24.2", "no_log_init")), F("no_log_init", BOOL),
		F("no-user-group", BOOL, OLD("24.2", "no_user_group")), F("no_user_group", BOOL),
		F("passwd", TEXT),
		F("hashed-passwd", TEXT, OLD("24.2", "hashed_passwd")), F("hashed_passwd", TEXT),
		F("plain-text-passwd", TEXT, OLD("24.2", "plain_text_passwd")), F("plain_text_passwd", TEXT),
		F("create-groups", BOOL, OLD("24.2", "create_groups")), F("create_groups", BOOL),
		F("primary-group", TEXT, OLD("24.2", "primary_group")), F("primary_group", TEXT),
		F("selinux-user", TEXT, OLD("24.2", "selinux_user")), F("selinux_user", TEXT),
		F("shell", TEXT), F("snapuser", TEXT, REFUSED("an account at a shop is asked for over the network")),
		F("ssh_authorized_keys", SOME_TEXTS), F("ssh-authorized-keys", SOME_TEXTS, OLD("18.3", "ssh_authorized_keys")),
		F("ssh-import-id", SOME_TEXTS, OLD("24.2", "ssh_import_id"), REFUSED(FROM_NETWORK)),
		F("ssh_import_id", SOME_TEXTS, REFUSED(FROM_NETWORK)),
		F("ssh-redirect-user", BOOL, OLD("24.2", "ssh_redirect_user")), F("ssh_redirect_user", BOOL),
		F("system", BOOL),
		F("sudo", ANY(TEXT_OR_NULL, LIST(TEXT_OR_NULL), SHAPE(.kinds = K(BOOL), .since = "22.2", .instead = "null rather than false"))),
		F("uid", ANY(INT, OLD_TEXT("22.3", "a number, without quotes")))),
};

KEYS_APPLIED(users_groups,
	F("users", SHAPE(.kinds = K_TEXT | K(LIST) | K(MAP), .open = true, .items = ANY(TEXT, TEXTS, &user))),
	F("user", ANY(TEXT, &user)),
	F("groups", SHAPE(.kinds = K_TEXT | K(LIST) | K(MAP), .min = 1, GROUPS_BY_NAME, .items = SHAPE(.kinds = K_TEXT | K(MAP), GROUPS_BY_NAME))));

KEYS_APPLIED(set_passwords,
	F("ssh_pwauth", ANY(BOOL, OLD_TEXT("22.3", "true or false"))),
	F("chpasswd", MAP(
		F("expire", BOOL),
		F("users", LIST(SHAPE(.form = "a user with a name and either a password or type RANDOM", .any = (const struct shape *const[]){
			MAP(F("name", TEXT, REQUIRED), F("type", WORD("RANDOM"), REQUIRED)),
			MAP(F("name", TEXT, REQUIRED), F("type", WORD("hash", "text")), F("password", TEXT, REQUIRED)), NULL }))),
		F("list", ANY(TEXT, LIST(SHAPE(.kinds = K_TEXT, .matches = form_name_password, .form = "NAME:PASSWORD"), .min = 1)),
			OLD("22.2", "users")))),
	F("password", TEXT));

KEYS_APPLIED(ssh,
	F("ssh_keys", SHAPE(.kinds = K(MAP), .named = form_host_key, .others = TEXT,
		.name_form = "rsa, ecdsa or ed25519 and _private, _public or _certificate")),
	F("ssh_authorized_keys", SOME_TEXTS), F("ssh_deletekeys", BOOL),
	F("ssh_genkeytypes", LIST(ANY(WORD("ecdsa", "ed25519", "rsa"), SHAPE(.kinds = K_TEXT, .words = LIST_OF_WORDS("dsa"), OLD("24.2", "ed25519"))), .min = 1)),
	F("disable_root", BOOL), F("disable_root_opts", TEXT), F("allow_public_ssh_keys", BOOL), F("ssh_quiet_keygen", BOOL),
	F("ssh_publish_hostkeys", MAP(F("enabled", BOOL), F("blacklist", TEXTS))));

MODULE(ssh_import_id, "ssh_import_id", REFUSED, FROM_NETWORK, F("ssh_import_id", TEXTS));

KEYS_APPLIED(keys_to_console,
	F("ssh", MAP(F("emit_keys_to_console", BOOL, REQUIRED))),
	F("ssh_key_console_blacklist", UNIQUE_TEXTS), F("ssh_fp_console_blacklist", UNIQUE_TEXTS));
MODULE(ssh_authkey_fingerprints, "ssh_authkey_fingerprints", IGNORED, PUBLISHED,
	F("no_ssh_fingerprints", BOOL), F("authkey_hash", TEXT));
