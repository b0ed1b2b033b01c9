/* keys_packages.c - repositories and packages. */
#include "common/schema/keys.h"

#define MIRRORS LIST(MAP( \
	F("arches", SOME_TEXTS, REQUIRED), F("uri", TEXT), F("search", SOME_TEXTS), \
	F("search_dns", BOOL, IGNORED("a mirror is named, not guessed from the resolver")), \
	F("keyid", TEXT, REFUSED(KEYSERVER)), F("key", TEXT), F("keyserver", TEXT, REFUSED(KEYSERVER))), .min = 1)
#define KEYSERVER "keys that come over the network are not signed; write the key itself into key"

MODULE(apt_configure, "apt_configure", APPLIED, NULL,
	F("apt", FILLED_MAP(
		F("preserve_sources_list", BOOL), F("disable_suites", LIST(TEXT, .min = 1, .unique = true)),
		F("primary", MIRRORS), F("security", MIRRORS), F("add_apt_repo_match", TEXT, IGNORED("add-apt-repository is not run, whatever the source")),
		F("debconf_selections", SHAPE(.kinds = K(MAP), .filled = true, .named = form_some, .name_form = "a text", .others = TEXT)),
		F("sources_list", TEXT), F("conf", TEXT), F("https_proxy", TEXT), F("http_proxy", TEXT), F("proxy", TEXT), F("ftp_proxy", TEXT),
		F("sources", NAMED(FILLED_MAP(
			F("source", TEXT), F("keyid", TEXT, REFUSED(KEYSERVER)), F("key", TEXT), F("keyserver", TEXT, REFUSED(KEYSERVER)),
			F("filename", TEXT), F("append", BOOL)))))));

MODULE(apt_pipelining, "apt_pipelining", IGNORED, "apt's own default is right; apt.conf takes Acquire::http::Pipeline-Depth",
	F("apt_pipelining", ANY(SHAPE(.kinds = K(INT) | K(BOOL)), WORD("os"),
		SHAPE(.kinds = K_TEXT, .words = LIST_OF_WORDS("none", "unchanged"), .since = "22.4", .instead = "os"))));

#define A_PACKAGE ANY(TEXT, LIST(TEXT, .min = 2, .max = 2))
MODULE(package_update_upgrade_install, "package_update_upgrade_install", APPLIED, NULL,
	F("packages", LIST(ANY(MAP(F("apt", LIST(A_PACKAGE)),
		F("snap", LIST(A_PACKAGE), IGNORED("snaps are not installed; runcmd can"))), A_PACKAGE), .min = 1)),
	F("package_update", BOOL), F("package_upgrade", BOOL), F("package_reboot_if_required", BOOL),
	F("apt_update", BOOL, OLD("22.2", "package_update")), F("apt_upgrade", BOOL, OLD("22.2", "package_upgrade")),
	F("apt_reboot_if_required", BOOL, OLD("22.2", "package_reboot_if_required")));

MODULE(yum_add_repo, "yum_add_repo", APPLIED, NULL,
	F("yum_repo_dir", TEXT),
	F("yum_repos", SHAPE(.kinds = K(MAP), .filled = true, .named = form_repository, .name_form = "a repository's name", .others = SHAPE(
		.kinds = K(MAP), SOME_OF("baseurl", "metalink", "mirrorlist"), .fields = FIELDS(
			F("baseurl", TEXT), F("metalink", TEXT), F("mirrorlist", TEXT), F("name", TEXT), F("enabled", BOOL)),
		.named = form_option, .name_form = "an option's name: letters, digits, _",
		.others = SHAPE(.kinds = K(INT) | K(BOOL) | K_TEXT)))));

#define NOT_RUN "its plan is tested, and no guest that has the tool"
MODULE(zypper_add_repo, "zypper_add_repo", PLANNED, NOT_RUN,
	F("zypper", SHAPE(.kinds = K(MAP), .open = true, .filled = true, .fields = FIELDS(
		F("repos", LIST(OPEN_MAP(F("id", TEXT, REQUIRED), F("baseurl", TEXT, REQUIRED)), .min = 1)), F("config", ANY_MAP)))));

MODULE(apk_configure, "apk_configure", PLANNED, NOT_RUN,
	F("apk_repos", FILLED_MAP(
		F("preserve_repositories", BOOL),
		F("alpine_repo", SHAPE(.kinds = K(NULL) | K(MAP), .fields = FIELDS(
			F("base_url", TEXT), F("community_enabled", BOOL), F("testing_enabled", BOOL), F("version", TEXT, REQUIRED)))),
		F("local_repo_base_url", TEXT))));

#define BY_HAND "a shop of its own; packages and runcmd can do it"
MODULE(snap, "snap", IGNORED, BY_HAND,
	F("snap", FILLED_MAP(
		F("assertions", SHAPE(.kinds = K(MAP) | K(LIST), .items = TEXT, .min = 1, .filled = true, .unique = true, .others = TEXT)),
		F("commands", SHAPE(.kinds = K(MAP) | K(LIST), .items = COMMAND, .min = 1, .filled = true, .others = COMMAND)))));

MODULE(rh_subscription, "rh_subscription", IGNORED, "a machine is registered with a vendor's service by runcmd",
	F("rh_subscription", MAP(
		F("username", TEXT), F("password", TEXT), F("activation_key", TEXT), F("activation-key", TEXT, OLD("25.3", "activation_key"), .alias = true),
		F("org", ANY(TEXT, SHAPE(.kinds = K(INT), .since = "24.2", .instead = "the number in quotes"))),
		F("auto_attach", BOOL), F("auto-attach", BOOL, OLD("25.3", "auto_attach"), .alias = true),
		F("service_level", TEXT), F("service-level", TEXT, OLD("25.3", "service_level"), .alias = true),
		F("add_pool", TEXTS), F("add-pool", TEXTS, OLD("25.3", "add_pool"), .alias = true),
		F("enable_repo", TEXTS), F("enable-repo", TEXTS, OLD("25.3", "enable_repo"), .alias = true),
		F("disable_repo", TEXTS), F("disable-repo", TEXTS, OLD("25.3", "disable_repo"), .alias = true),
		F("release_version", TEXT), F("rhsm_baseurl", TEXT), F("rhsm-baseurl", TEXT, OLD("25.3", "rhsm_baseurl"), .alias = true),
		F("server_hostname", TEXT), F("server-hostname", TEXT, OLD("25.3", "server_hostname"), .alias = true))));

MODULE(spacewalk, "spacewalk", IGNORED, "a machine is registered with a vendor's service by runcmd",
	F("spacewalk", MAP(F("server", TEXT), F("proxy", TEXT), F("activation_key", TEXT))));

#define PROXY TEXT_OR_NULL
#define PRO MAP( \
	F("enable", TEXTS), F("enable_beta", TEXTS), F("token", TEXT), F("features", MAP(F("disable_auto_attach", BOOL))), \
	F("config", OPEN_MAP(F("http_proxy", PROXY), F("https_proxy", PROXY), F("global_apt_http_proxy", PROXY), \
		F("global_apt_https_proxy", PROXY), F("ua_apt_http_proxy", PROXY), F("ua_apt_https_proxy", PROXY))))
MODULE(ubuntu_pro, "ubuntu_pro", IGNORED, "a machine is registered with a vendor's service by runcmd",
	F("ubuntu_pro", PRO), F("ubuntu_advantage", PRO, OLD("24.1", "ubuntu_pro")));
MODULE(ubuntu_drivers, "ubuntu_drivers", IGNORED, "drivers belong into the image; packages can install them",
	F("drivers", MAP(F("nvidia", MAP(F("license-accepted", BOOL, REQUIRED), F("version", TEXT))))));
MODULE(ubuntu_autoinstall, "ubuntu_autoinstall", IGNORED, "it is for an installer, not for an installed system",
	F("autoinstall", OPEN_MAP(F("version", INT, REQUIRED))));
