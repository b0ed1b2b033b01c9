/* keys_system.c - names, languages, time, resolver, certificates, files, commands, and the end of a boot. */
#include "common/schema/keys.h"

KEYS_APPLIED(set_hostname,
	F("preserve_hostname", BOOL), F("hostname", TEXT), F("fqdn", TEXT), F("prefer_fqdn_over_hostname", BOOL),
	F("create_hostname_file", BOOL));

KEYS_APPLIED(update_etc_hosts,
	F("manage_etc_hosts", ANY(SHAPE(.kinds = K(BOOL) | K_TEXT, .words = LIST_OF_WORDS("localhost")),
		SHAPE(.kinds = K_TEXT, .words = LIST_OF_WORDS("template"), .since = "22.3", .instead = "true"))));

KEYS_APPLIED(locale, F("locale", SHAPE(.kinds = K(BOOL) | K_TEXT)), F("locale_configfile", TEXT));
KEYS_APPLIED(timezone, F("timezone", TEXT));
KEYS_APPLIED(keyboard,
	F("keyboard", MAP(F("layout", TEXT, REQUIRED), F("model", TEXT), F("variant", TEXT), F("options", TEXT))));

KEYS_APPLIED(ntp,
	F("ntp", SHAPE(.kinds = K(NULL) | K(MAP), .fields = FIELDS(
		F("pools", UNIQUE_TEXTS), F("servers", UNIQUE_TEXTS), F("peers", UNIQUE_TEXTS), F("allow", UNIQUE_TEXTS),
		F("ntp_client", TEXT), F("enabled", BOOL),
		F("config", FILLED_MAP(F("confpath", TEXT), F("check_exe", TEXT), F("packages", UNIQUE_TEXTS), F("service_name", TEXT),
			F("template", TEXT)))))));

KEYS_APPLIED(resolv_conf,
	F("manage_resolv_conf", BOOL),
	F("resolv_conf", MAP(F("nameservers", LIST(ANYTHING)), F("searchdomains", LIST(ANYTHING)), F("domain", TEXT),
		F("sortlist", LIST(ANYTHING)), F("options", ANY_MAP))));

KEYS_APPLIED(rsyslog,
	F("rsyslog", MAP(
		F("config_dir", TEXT), F("config_filename", TEXT),
		F("configs", LIST(ANY(TEXT, MAP(F("filename", TEXT), F("content", TEXT, REQUIRED))))),
		F("remotes", ANY_MAP),
		F("service_reload_command", ANY(WORD("auto"), TEXTS)),
		F("install_rsyslog", BOOL), F("check_exe", TEXT), F("packages", UNIQUE_TEXTS))));

#define CA_CERTS FILLED_MAP(F("remove-defaults", BOOL, OLD("22.3", "remove_defaults")), F("remove_defaults", BOOL), F("trusted", SOME_TEXTS))
KEYS_APPLIED(ca_certs, F("ca_certs", CA_CERTS), F("ca-certs", CA_CERTS, OLD("22.3", "ca_certs")));

KEYS_APPLIED(seed_random,
	F("random_seed", MAP(
		F("file", TEXT), F("data", TEXT), F("encoding", WORD("raw", "base64", "b64", "gzip", "gz")), F("command", TEXTS),
		F("command_required", BOOL))));

KEYS_APPLIED(write_files,
	F("write_files", LIST(MAP(
		F("path", TEXT, REQUIRED), F("content", TEXT),
		F("source", MAP(F("uri", TEXT, REQUIRED), F("headers", SHAPE(.kinds = K(MAP), .others = TEXT))),
			.why = "only where the image's policy lets it be fetched; else the content beside it"),
		F("owner", TEXT), F("permissions", TEXT),
		F("encoding", WORD("gz", "gzip", "gz+base64", "gzip+base64", "gz+b64", "gzip+b64", "b64", "base64", "text/plain")),
		F("append", BOOL), F("defer", BOOL)), .min = 1)));

KEYS_APPLIED(bootcmd, F("bootcmd", LIST(COMMAND, .min = 1)));
KEYS_APPLIED(runcmd, F("runcmd", LIST(ANY(TEXT, TEXTS, SHAPE(.kinds = K(NULL))), .min = 1)));
KEYS_APPLIED(scripts_vendor,
	F("vendor_data", MAP(
		F("enabled", ANY(BOOL, OLD_TEXT("22.3", "true or false"))),
		F("prefix", SHAPE(.kinds = K(LIST) | K_TEXT, .items = SHAPE(.kinds = K_TEXT | K(INT)))))));

KEYS_APPLIED(phone_home,
	F("phone_home", MAP(
		F("url", TEXT, REQUIRED),
		F("post", ANY(WORD("all"), LIST(WORD("pub_key_rsa", "pub_key_ecdsa", "pub_key_ed25519", "instance_id", "hostname", "fqdn")))),
		F("tries", INT))));

MODULE(power_state_change, "power_state_change", APPLIED, NULL,
	F("power_state", MAP(
		F("delay", ANY(SHAPE(.kinds = K(INT), .limited = true), WORD("now"), SHAPE(.kinds = K_TEXT, .matches = form_minutes,
			.form = "now, or a number of minutes", .since = "22.3", .instead = "now, or a number without quotes"))),
		F("mode", WORD("poweroff", "reboot", "halt"), REQUIRED), F("message", TEXT),
		F("timeout", INT, IGNORED("the switch waits for the end of the boot, whose commands have time limits of their own")),
		F("condition", SHAPE(.kinds = K_TEXT | K(BOOL) | K(LIST))))));

KEYS_APPLIED(final_message, F("final_message", TEXT));

KEYS_APPLIED(natal,
	F("natal", MAP(F("policy", NAMED(WORD("fail", "degrade", "continue"))))));
