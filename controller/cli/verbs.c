/* verbs.c - what natalctl can do, as a table. A new verb: one row, one function, one line in natalctl.1. */
#include "common/media/bundle.h"
#include "controller/cli/cli.h"

const struct cli_option cli_common[] = {
	{ "--state", "DIR", "natald's state folder (default: $NATAL_STATE, /var/lib/natal as root, else ~/.local/share/natal)" },
	{ "--project", "NAME", "the project (default: default)" },
	{ "-o", "FORMAT", "table for people (default), or json" },
	{ "--help", NULL, "this text", "-h" }, { "--version", NULL, "natalctl's version", "-V" },
	{ NULL, NULL, NULL },
};
static const struct cli_option key_init[] = {
	{ "--alg", "ALG", "ed25519 (default) or ecdsa-p256-sha256" }, { "--name", "NAME", "its name (default: media-ALG)" },
		{ NULL, NULL, NULL },
};
static const struct cli_option to_file[] = {
	{ "--out", "FILE", "write there instead of to standard output", .kind = CLI_OUT }, { NULL, NULL, NULL },
};
static const struct cli_option key_export[] = { { "--out", "DIR", "write each key to DIR/NAME.pub", .kind = CLI_OUT_DIR }, { NULL, NULL, NULL } };
static const struct cli_option csr[] = {
	{ "--subject", "TEXT", "common name to ask for" },
	{ "--out", "FILE", "write there instead of to standard output", .kind = CLI_OUT },
		{ NULL, NULL, NULL },
};
static const struct cli_option pool_marks[] = {
	{ "--low", "N", "below this many free keys, more are made", .kind = CLI_NUMBER, .max = 99999 },
	{ "--high", "N", "up to this many; 0 and 0: none are made ahead", .kind = CLI_NUMBER, .max = 100000 },
	{ "--kind", "KIND", "of this kind only (natalctl pool status names them)" }, { NULL, NULL, NULL },
};
static const struct cli_option image_register[] = {
	{ "--from", "DIR", "the folder with image.json" },
	{ "--agent-by", "WAY", "how the image, which has no agent, takes one: cloud-init, systemd or initrd" }, { NULL, NULL, NULL },
};
static const struct cli_option image_bake[] = {
	{ "--package", "DEB", "a package to install, natal-agent's first (repeatable)" },
	{ "--agent-by", "WAY", "bake no agent: its VMs take it from the medium, by cloud-init, systemd or initrd" }, { "--extra", "PKG,…", "further Debian packages" },
	{ "--overlay", "DIR", "files to put over the image" }, { "--out", "DIR", "where the image goes (default: STATE/images/NAME)" },
	{ "--suite", "NAME", "Debian suite, of those in the machine's apt sources (default: bookworm)" }, { "--size", "MB", "size of the root disk, 400 to 1048576 (default: 1280)",
		.kind = CLI_NUMBER, .min = 400, .max = 1 << 20 },
	{ "--cache", "DIR", "where the distribution's layer is kept" }, { "--rsa", NULL, "its VMs get an RSA-3072 host key too" },
	{ "--require", "KEY[,KEY]…", "media must be signed by one of these media keys (repeatable: by one of each); default: by any key of the image" },
	{ "--algorithm", "ALG", "a signature algorithm that the image accepts: ed25519, ecdsa-p256-sha256 (repeatable; default: both)" },
	{ "--min-format", "N", "the least bundle format that the image accepts (default: 1)", .kind = CLI_NUMBER, .min = 1, .max = BUNDLE_FORMAT },
	{ "--clock", "WHAT", "an absurd clock in the guest: warn (default) or refuse" },
	{ "--mode", "MODE", "who does what user-data says: provision (natal-agent, default), or delegate (the image's cloud-init, which --extra cloud-init installs)" },
	{ "--cloud-init-wait", "SECONDS", "mode delegate: how long cloud-init may take (default: 1800)", .kind = CLI_NUMBER, .min = 1,
		.max = CLOUD_INIT_WAIT_MAX_S },
	{ "--command-wait", "SECONDS", "how long user-data's runcmd, and each of its scripts, may take (default: 3600)", .kind = CLI_NUMBER, .min = 1,
		.max = COMMAND_WAIT_MAX_S },
	{ "--fetch-hash", NULL, "user-data may include what is on the web, by its digest" },
	{ "--fetch-host", "NAME[:PORT]=sha256//KEY", "the same from this server, by the SHA-256 of its TLS key in base64 (repeatable)" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_create[] = {
	{ "--image", "NAME", "what it boots (natalctl image list)" },
	{ "--agent", "WHERE", "where its agent comes from: image, or medium (default: what the image needs)" },
		{ "--user", "NAME", "a user; --ssh-key and --sudo after it belong to it (repeatable)" },
	{ "--ssh-key", "FILE", "the user's public key (repeatable)" }, { "--sudo", NULL, "the user may use sudo without a password" },
	{ "--address", "ADDR", "dhcp, or CIDR[,gw=IP][,dns=IP]" }, { "--hostname", "NAME", "host name (default: the VM's name)" },
	{ "--name", "NAME", "a further name or address of its certificate (repeatable)" }, { "--timezone", "TZ", "such as Europe/Berlin" },
	{ "--file", "HOST:GUEST", "a file to put into the guest (repeatable)" }, { "--run", "CMD", "a command at first boot (repeatable)" },
	{ "--ca-cert", "FILE", "a CA that the guest trusts (repeatable)" }, { "--rsa", NULL, "an RSA-3072 host key too" },
	{ "--memory", "MB", "memory, 64 to 4194304 (default: 512)", .kind = CLI_NUMBER, .min = 64, .max = 4 << 20 },
	{ "--cpus", "N", "processors, 1 to 512 (default: 1)", .kind = CLI_NUMBER, .min = 1, .max = 512 },
		{ "--mac", "MAC", "address of its card" },
	{ "--uuid", "UUID", "its SMBIOS UUID" }, { "--forward", "GUEST[:HOST]", "reach this guest port on 127.0.0.1 (repeatable)" },
	{ "--host", "NAME", "local (QEMU here, default), or none: somebody else starts it" },
	{ "--channel", "unix:PATH", "host none: the socket of its port natal.guest.0" },
	{ "--medium-out", "FILE", "host none: write the medium there", .kind = CLI_OUT },
		{ "--if-not-exists", NULL, "take the VM of that name where there is one" },
	{ "--start", NULL, "start it too" }, { "--idempotency-key", "TEXT", "the same key makes the same VM, once" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_start[] = {
	{ "--forward", "GUEST[:HOST]", "reach this guest port on 127.0.0.1; on a running VM the forwards are re-pointed (repeatable)" },
		{ NULL, NULL, NULL },
};
static const struct cli_option vm_stop[] = {
	{ "--force", NULL, "end it at once, as a power cut does" },
	{ "--grace", "S", "how long it may take to end by itself before it is ended, 0 to 600 (default: 30)",
		.kind = CLI_NUMBER, .max = 600 }, { NULL, NULL, NULL },
};
static const struct cli_option vm_reissue[] = {
	{ "--medium-out", "FILE", "host none: write the new medium there", .kind = CLI_OUT }, { NULL, NULL, NULL },
};
static const struct cli_option vm_medium[] = { { "--out", "FILE", "write the medium there", .kind = CLI_OUT }, { NULL, NULL, NULL } };
static const struct cli_option vm_wait[] = {
	{ "--timeout", "S", "give up after S seconds (default: 900)", .kind = CLI_NUMBER, .max = 31536000 }, { NULL, NULL, NULL },
};
static const struct cli_option vm_logs[] = {
	{ "--bytes", "N", "how much of its end (default: 65536)", .kind = CLI_NUMBER, .min = 1, .max = 200 << 10 }, { NULL, NULL, NULL },
};
static const struct cli_option vm_pin[] = {
	{ "--record", "FILE", "write the signed record there", .kind = CLI_OUT }, { "--known-hosts", NULL, "lines for OpenSSH's known_hosts" },
	{ "--curl", NULL, "for curl --pinnedpubkey" }, { NULL, NULL, NULL },
};

static const struct cli_option lint[] = { { "--strict", NULL, "what is deprecated is not valid" }, { NULL, NULL, NULL } };

const struct cli_verb cli_verbs[] = {
	{ "key", "init", "", "make a media signing key", key_init, cmd_key_init },
	{ "key", "list", "", "list the media signing keys", NULL, cmd_key_list },
	{ "key", "export", "[NAME]", "print public keys", key_export, cmd_key_export },
	{ "ca", "show", "", "show the certificate authority", to_file, cmd_ca_show },
	{ "ca", "csr", "", "make a request for another CA to sign", csr, cmd_ca_csr },
	{ "ca", "install", "FILE", "install the chain that came back", NULL, cmd_ca_install },
	{ "pool", "status", "", "count the keys made ahead", NULL, cmd_pool_status },
	{ "pool", "fill", "[N]", "make keys ahead, N of each kind", NULL, cmd_pool_fill },
	{ "pool", "marks", "", "set the water marks between which keys are made ahead", pool_marks, cmd_pool_marks },
	{ "image", "register", "NAME", "register an image from its folder", image_register, cmd_image_register },
	{ "image", "bake", "NAME", "make a Debian image with the agent in it", image_bake, cmd_image_bake },
	{ "image", "list", "", "list images", NULL, cmd_image_list },
	{ "image", "show", "NAME", "show an image", NULL, cmd_image_show },
	{ "image", "delete", "NAME", "forget an image; its files stay", NULL, cmd_image_delete },
	{ "vm", "create", "NAME", "make a VM's identity: keys, certificate, signed bundle", vm_create, cmd_vm_create },
	{ "vm", "list", "", "list VMs", NULL, cmd_vm_list },
	{ "vm", "show", "NAME", "show a VM, and why it failed", NULL, cmd_vm_show },
	{ "vm", "start", "NAME", "start a VM", vm_start, cmd_vm_start },
	{ "vm", "stop", "NAME", "stop a VM", vm_stop, cmd_vm_stop },
	{ "vm", "delete", "NAME", "delete a VM and all that was made for it", NULL, cmd_vm_delete },
	{ "vm", "reissue", "NAME", "a new bundle: new keys, higher sequence", vm_reissue, cmd_vm_reissue },
	{ "vm", "medium", "NAME", "fetch the signed medium, until it was delivered", vm_medium, cmd_vm_medium },
	{ "vm", "wait", "NAME", "follow a VM until it is provisioned or failed", vm_wait, cmd_vm_wait },
	{ "vm", "logs", "NAME", "the end of its serial console", vm_logs, cmd_vm_logs },
	{ "vm", "pin", "NAME", "its pin record, and what clients make of it", vm_pin, cmd_vm_pin },
	{ "lint", "", "FILE", "say whether user-data is right, before a VM is made of it", lint, cmd_lint },
	{ "status", "", "", "what natald is and holds", NULL, cmd_status },
	{ "backup", "", "DIR", "copy what natald holds into a folder", NULL, cmd_backup },
	{ "daemon", "start", "", "start natald in the background", NULL, cmd_daemon_start },
	{ "daemon", "stop", "", "end natald; guests run on", NULL, cmd_daemon_stop },
	{ "completion", "bash", "", "completion for bash: eval it", NULL, cmd_completion },
	{ "version", "", "", "natalctl's version", NULL, cmd_version },
	{ "help", "", "", "this text", NULL, cmd_help },
};
const size_t cli_verb_count = ARRAY_SIZE(cli_verbs);
