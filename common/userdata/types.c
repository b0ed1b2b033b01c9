/* types.c - what kinds of parts there are, and how they are told: by a MIME type, or by how their text begins. */
#include <ctype.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"
#include "common/userdata/parts.h"

static const struct { const char *mime, *begins; } types[PART_TYPES] = {
	[PART_CONFIG] = { "text/cloud-config", "#cloud-config" },
	[PART_PATCH] = { "text/cloud-config-jsonp", "#cloud-config-jsonp" },
	[PART_SCRIPT] = { "text/x-shellscript", "#!" },
	[PART_PER_BOOT] = { "text/x-shellscript-per-boot", NULL },
	[PART_PER_INSTANCE] = { "text/x-shellscript-per-instance", NULL },
	[PART_PER_ONCE] = { "text/x-shellscript-per-once", NULL },
	[PART_BOOTHOOK] = { "text/cloud-boothook", "#cloud-boothook" },
	[PART_TEMPLATE] = { "text/jinja2", "## template: jinja" },
	[PART_ARCHIVE] = { "text/cloud-config-archive", "#cloud-config-archive" },
	[PART_INCLUDE] = { "text/x-include-url", "#include" },
	[PART_INCLUDE_ONCE] = { "text/x-include-once-url", "#include-once" },
	[PART_HANDLER] = { "text/part-handler", "#part-handler" },
	[PART_UNKNOWN] = { "", NULL },
};

const char *part_type_name(enum part_type t) { return types[t].mime; }

enum part_type part_type_from_name(const char *mime_type)
{
	for (enum part_type t = 0; t < PART_UNKNOWN; t++)
		if (strcmp(types[t].mime, mime_type) == 0)
			return t;
	return PART_UNKNOWN;
}

static void skip_blank(const char **at, size_t *size)
{
	while (*size && (isspace((unsigned char)**at) || (**at >= 0x1c && **at <= 0x1f))) {
		++*at;
		--*size;
	}
}

enum part_type part_sniff(const void *bytes, size_t size)
{
	const char *at = bytes;
	enum part_type best = PART_UNKNOWN;
	size_t longest = 0;

	skip_blank(&at, &size);
	for (enum part_type t = 0; t < PART_UNKNOWN; t++) {
		size_t n = types[t].begins ? strlen(types[t].begins) : 0;
		if (n > longest && n <= size && strncasecmp(at, types[t].begins, n) == 0) {
			best = t;
			longest = n;
		}
	}
	return best;
}

/* Keys with which a cloud-config likely begins. */
static const char *const keys[] = {
	"apt", "bootcmd", "ca_certs", "chpasswd", "disk_setup", "final_message", "fqdn", "fs_setup", "groups", "growpart", "hostname", "keyboard",
	"locale", "manage_etc_hosts", "mounts", "ntp", "package_update", "package_upgrade", "packages", "password", "phone_home", "power_state",
	"preserve_hostname", "resize_rootfs", "resolv_conf", "rsyslog", "runcmd", "ssh", "ssh_authorized_keys", "ssh_import_id", "ssh_keys",
	"ssh_pwauth", "swap", "system_info", "timezone", "users", "write_files", "yum_repos", "zypper", "merge_how", "merge_type", "output", NULL,
};
static const char *const headers[] = {
	"#cloud-config", "#cloud-config-archive", "#cloud-config-jsonp", "#cloud-boothook", "#include", "#include-once", "#part-handler",
	"## template: jinja", NULL,
};
static const char otherwise[] = "the first line says what it is: #cloud-config, #!, #cloud-boothook, #include, ## template: jinja ...";

void part_suggest(const void *bytes, size_t size, struct err *e)
{
	const char *at = bytes;
	char word[32] = { 0 };

	if (size >= 2 && (memcmp(at, "\xff\xfe", 2) == 0 || memcmp(at, "\xfe\xff", 2) == 0)) {
		err_hint(e, "this is UTF-16: write it in UTF-8");
		return;
	}
	skip_blank(&at, &size);
	size_t n = 0;
	while (n < size && n < sizeof word - 1 && at[n] && at[n] != '\n' && at[n] != '\r' && (*at == '#' || at[n] != ':')) {
		word[n] = (char)tolower((unsigned char)at[n]);
		n++;
	}
	while (n && isspace((unsigned char)word[n - 1]))
		word[--n] = 0;
	if (*word == '#') {
		err_suggest(e, word, headers, otherwise);
		return;
	}
	for (size_t i = 0; keys[i]; i++)
		if (strcmp(word, keys[i]) == 0) {
			err_hint(e, "this looks like a cloud-config: the first line has to be #cloud-config");
			return;
		}
	err_hint(e, size && (*at == '{' || strncmp(at, "---", size < 3 ? size : 3) == 0) ?
		"if this is a cloud-config, the first line has to be #cloud-config" : otherwise);
}
