/* verbs.c - what natalctl can do, as a table. A new verb: one row, one function, one line in natalctl.1. */
#include "common/media/bundle.h"
#include "controller/cli/cli.h"

const struct cli_option cli_common[] = {
	{ "--state", "DIR", "natald's state folder (default: $NATAL_STATE, /var/lib/natal as root, else ~/.local/share/natal)" },
	{ "--project", "NAME", "the project (default: default)" },
	{ "--context", "NAME", "the controller to speak to (default: the current one of natalctl context; local: the unix socket)", .words = "@context" },
	{ "-o", "FORMAT", "table for people (default), or json; of a list also wide (a table with more columns) or name (names only)", .words = "table wide json name" },
	{ "--help", NULL, "this text", "-h" }, { "--version", NULL, "natalctl's version", "-V" },
	{ NULL, NULL, NULL },
};
static const struct cli_option key_init[] = {
	{ "--alg", "ALG", "ed25519 (default) or ecdsa-p256-sha256", .words = "ed25519 ecdsa-p256-sha256" }, { "--name", "NAME", "its name (default: media-ALG)" },
		{ NULL, NULL, NULL },
};
static const struct cli_option key_rotate[] = {
	{ "--overlap", "DAYS", "how long images that are baked from now on still take what the old key signed (default: 90)", .kind = CLI_NUMBER, .min = 0, .max = 3650 },
	{ "--name", "NAME", "the new key's name (default: the old one's with the next number)" },
	{ "--alg", "ALG", "its algorithm (default: the old one's)", .words = "ed25519 ecdsa-p256-sha256" }, { NULL, NULL, NULL },
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
	{ "--kind", "KIND", "of this kind only (natalctl pool status names them)", .words = "ssh-ed25519 ssh-ecdsa tls-ecdsa-p256 ssh-rsa-3072" }, { NULL, NULL, NULL },
};
static const struct cli_option image_register[] = {
	{ "--from", "DIR", "the folder with image.json" },
	{ "--agent-by", "WAY", "how the image, which has no agent, takes one: cloud-init, systemd or initrd", .words = "cloud-init systemd initrd" }, { NULL, NULL, NULL },
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
	{ "--clock", "WHAT", "an absurd clock in the guest: warn (default) or refuse", .words = "warn refuse" },
	{ "--mode", "MODE", "who does what user-data says: provision (natal-agent, default), or delegate (the image's cloud-init, which --extra cloud-init installs)" },
	{ "--cloud-init-wait", "SECONDS", "mode delegate: how long cloud-init may take (default: 1800)", .kind = CLI_NUMBER, .min = 1,
		.max = CLOUD_INIT_WAIT_MAX_S },
	{ "--command-wait", "SECONDS", "how long user-data's runcmd, and each of its scripts, may take (default: 3600)", .kind = CLI_NUMBER, .min = 1,
		.max = COMMAND_WAIT_MAX_S },
	{ "--birth", "URL", "its guests ask this controller for their bundle where no medium is attached: https://HOST:PORT, as they see it" },
	{ "--birth-pin", "PIN", "that controller's key, spki_sha256 of natalctl ca show; without --birth the machine says where it is" },
	{ "--fetch-hash", NULL, "user-data may include what is on the web, by its digest" },
	{ "--fetch-host", "NAME[:PORT]=sha256//KEY", "the same from this server, by the SHA-256 of its TLS key in base64 (repeatable)" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_create[] = {
	{ "--image", "NAME", "what it boots (natalctl image list)", .words = "@image" },
	{ "--agent", "WHERE", "where its agent comes from: image, or medium (default: what the image needs)", .words = "image medium" },
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
	{ "--host", "NAME", "local (QEMU here, default), one of natalctl host list, or none: somebody else starts it", .words = "local none @host" },
	{ "--channel", "unix:PATH", "what others start: the socket of its port natal.guest.0, there where its host is" },
	{ "--medium-out", "FILE", "what others start: write the medium there", .kind = CLI_OUT },
		{ "--if-not-exists", NULL, "take the VM of that name where there is one" },
	{ "--birth", "PROOF", "it is born without a medium and asks for its bundle: by a token (natalctl vm birth-token), or by the ek of its TPM", .words = "token ek" },
	{ "--ek", "FILE", "host none, --birth ek: the EK's certificate or public key, PEM" },
	{ "--count", "N", "so many VMs, 1 to 100000, named by --name-template", .kind = CLI_NUMBER, .min = 1, .max = 100000 },
	{ "--name-template", "TEXT", "their names: %d, or %04d, is the number, from 1 (default: NAME-%d)" },
	{ "--start", NULL, "start it too" }, { "--idempotency-key", "TEXT", "the same key makes the same VM, once" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_change[] = {
	{ "--user", "NAME", "add a user, or put this in the place of the one of that name; --ssh-key and --sudo after it belong to it (repeatable)" },
	{ "--ssh-key", "FILE", "the user's public key (repeatable)" }, { "--sudo", NULL, "the user may use sudo without a password" },
	{ "--remove-user", "NAME", "a user that is not to be there; his home stays (repeatable)" },
	{ "--file", "HOST:GUEST", "a file to put into the guest (repeatable)" }, { "--remove-file", "GUEST", "a file that is not to be there (repeatable)" },
	{ "--hostname", "NAME", "host name" }, { "--timezone", "TZ", "such as Europe/Berlin" },
	{ "--name", "NAME", "the further names and addresses of its certificate: these, and no others (repeatable)" },
	{ "--rename", "NAME", "the VM's name" },
	{ "--goal", "STATE", "what it is to be: absent, stopped, running, provisioned, verified, draining or quarantined",
		.words = "absent stopped running provisioned verified draining quarantined" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_start[] = {
	{ "--forward", "GUEST[:HOST]", "reach this guest port on 127.0.0.1; on a running VM the forwards are re-pointed (repeatable)" },
		{ NULL, NULL, NULL },
};
static const struct cli_option vm_console[] = {
	{ "--for", "SECONDS", "how long to read on when standard input has ended (default: 2)", .kind = CLI_NUMBER, .min = 0, .max = 86400 }, { NULL, NULL, NULL },
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
static const struct cli_option vm_birth_token[] = {
	{ "--out", "FILE", "write it there instead of to standard output", .kind = CLI_OUT },
	{ "--hours", "N", "how long it is good, 1 to 720 (default: 24)", .kind = CLI_NUMBER, .min = 1, .max = 720 }, { NULL, NULL, NULL },
};
static const struct cli_option vm_logs[] = {
	{ "--bytes", "N", "how much of its end (default: 65536)", .kind = CLI_NUMBER, .min = 1, .max = 200 << 10 }, { NULL, NULL, NULL },
};
static const struct cli_option vm_pin[] = {
	{ "--record", "FILE", "write the signed record there", .kind = CLI_OUT }, { "--known-hosts", NULL, "lines for OpenSSH's known_hosts" },
	{ "--curl", NULL, "for curl --pinnedpubkey" }, { NULL, NULL, NULL },
};

#define NO_HEADERS { "--no-headers", NULL, "the table without its first line" }
static const struct cli_option list_only[] = { NO_HEADERS, { NULL, NULL, NULL } };
static const struct cli_option vm_apply[] = {
	{ "-f", "FILE", "YAML or JSON, several documents, each as POST /v1/vms takes it; - for standard input", .words = NULL },
	{ "--dry-run", NULL, "say what would be done, and do nothing" }, { "--yes", NULL, "do not ask" }, { NULL, NULL, NULL },
};
static const struct cli_option vm_list[] = {
	{ "--in-state", "STATE", "those in this state only", .words = "defined ready booting provisioning provisioned degraded failed drifted verified stopped" },
	{ "--host", "NAME", "those of this host only", .words = "local none @host" },
	{ "--image", "NAME", "those of this image only", .words = "@image" },
	{ "--prefix", "TEXT", "those whose name begins so" }, { "--watch", NULL, "go on: the table anew on a terminal, else a line for each change" }, NO_HEADERS, { NULL, NULL, NULL },
};
static const struct cli_option audit_verify[] = { { "--head", "NATALD:N:HASH", "that row, noted at another time, must be there still" }, { NULL, NULL, NULL } };
static const struct cli_option lint[] = { { "--strict", NULL, "what is deprecated is not valid" }, { NULL, NULL, NULL } };

static const struct cli_option access_grant[] = {
	{ "--all-projects", NULL, "for every project, not only --project's" },
	{ "--hours", "N", "how long the token is good, 1 to 720 (default: 24)", .kind = CLI_NUMBER, .min = 1, .max = 720 },
	{ "--out", "FILE", "write the token there instead of to standard output", .kind = CLI_OUT }, { NULL, NULL, NULL },
};
static const struct cli_option login[] = {
	{ "--token", "TOKEN", "of natalctl access grant; - reads it from standard input" },
	{ "--name", "NAME", "the context's name (default: the host)" }, { NULL, NULL, NULL },
};
#define STORE { "--store", "URL", "the store, where it is not natal.db in the state folder: postgresql://…, or @FILE (default: $NATAL_STORE)" }
static const struct cli_option store_any[] = { STORE, { NULL, NULL, NULL } };
static const struct cli_option store_migrate[] = { { "--to", "URL", "where to: postgresql://…, or @FILE" }, STORE, { NULL, NULL, NULL } };

static const struct cli_option context_export[] = { { "--out", "DIR", "write DIR/NAME.pem and DIR/NAME.key", .kind = CLI_OUT_DIR }, { NULL, NULL, NULL } };
static const struct cli_option daemon_start[] = {
	{ "--no-listen", NULL, "serve the unix socket alone, this time and from now on" },
	{ "--listen", "ADDRESS:PORT", "serve HTTPS there too, this time and whenever natalctl starts it; a natald that runs is started anew (repeatable)" },
	{ "--name", "NAME", "a name or address of this machine, for the listeners' certificate (repeatable)" }, { NULL, NULL, NULL },
};

const struct cli_verb cli_verbs[] = {
	{ "key", "init", "", "make a media signing key", key_init, cmd_key_init },
	{ "key", "list", "", "list the media signing keys", list_only, cmd_key_list, true },
	{ "key", "show", "NAME", "one of them: its state, and what it came after", NULL, cmd_key_show, true },
	{ "key", "rotate", "NAME", "make the key that signs after it, which images that know the old one take too", key_rotate, cmd_key_rotate },
	{ "key", "revoke", "NAME", "end a key for good", NULL, cmd_key_revoke },
	{ "key", "export", "[NAME]", "print public keys", key_export, cmd_key_export },
	{ "ca", "show", "", "show the certificate authority", to_file, cmd_ca_show },
	{ "ca", "csr", "", "make a request for another CA to sign", csr, cmd_ca_csr },
	{ "ca", "install", "FILE", "install the chain that came back", NULL, cmd_ca_install },
	{ "pool", "status", "", "count the keys made ahead", list_only, cmd_pool_status, true },
	{ "pool", "fill", "[N]", "make keys ahead, N of each kind", NULL, cmd_pool_fill },
	{ "pool", "marks", "", "set the water marks between which keys are made ahead", pool_marks, cmd_pool_marks },
	{ "image", "register", "NAME", "register an image from its folder", image_register, cmd_image_register },
	{ "image", "bake", "NAME", "make a Debian image with the agent in it", image_bake, cmd_image_bake },
	{ "image", "list", "", "list images", list_only, cmd_image_list, true },
	{ "image", "show", "NAME", "show an image", NULL, cmd_image_show },
	{ "image", "delete", "NAME", "forget an image; its files stay", NULL, cmd_image_delete },
	{ "vm", "create", "[NAME]", "make a VM's identity: keys, certificate, signed bundle", vm_create, cmd_vm_create },
	{ "vm", "apply", "", "make VMs as a file says, and change those that are otherwise", vm_apply, cmd_vm_apply },
	{ "vm", "list", "", "list VMs", vm_list, cmd_vm_list, true },
	{ "vm", "show", "NAME", "show a VM, and why it failed", NULL, cmd_vm_show },
	{ "vm", "start", "NAME", "start a VM", vm_start, cmd_vm_start },
	{ "vm", "stop", "NAME", "stop a VM", vm_stop, cmd_vm_stop },
	{ "vm", "delete", "NAME", "delete a VM and all that was made for it", NULL, cmd_vm_delete },
	{ "vm", "reissue", "NAME", "a new bundle: new keys, higher sequence", vm_reissue, cmd_vm_reissue },
	{ "vm", "change", "NAME", "change users, files and names of a guest that runs", vm_change, cmd_vm_change },
	{ "vm", "rotate-keys", "NAME", "new host keys and a new certificate for a guest that runs", NULL, cmd_vm_rotate_keys },
	{ "vm", "drain", "NAME", "have a guest run what lies in its /etc/natal/drain.d", NULL, cmd_vm_drain },
	{ "vm", "quarantine", "NAME", "cut a guest off from all networks, but for its channel", NULL, cmd_vm_quarantine },
	{ "vm", "release", "NAME", "end draining or quarantine", NULL, cmd_vm_release },
	{ "vm", "birth-token", "NAME", "make the token by which a guest without a medium gets its bundle, once", vm_birth_token, cmd_vm_birth_token },
	{ "vm", "medium", "NAME", "fetch the signed medium, until it was delivered", vm_medium, cmd_vm_medium },
	{ "vm", "wait", "NAME", "follow a VM until it is provisioned or failed", vm_wait, cmd_vm_wait },
	{ "vm", "console", "NAME", "type into its serial console and read it; Ctrl-] ends", vm_console, cmd_vm_console },
	{ "vm", "logs", "NAME", "the end of its serial console", vm_logs, cmd_vm_logs },
	{ "vm", "pin", "NAME", "its pin record, and what clients make of it", vm_pin, cmd_vm_pin },
	{ "access", "grant", "ROLE NAME", "let somebody in: an operator, reader, verifier or host; prints a token", access_grant, cmd_access_grant },
	{ "access", "list", "", "list who was let in", list_only, cmd_access_list, true },
	{ "access", "revoke", "NAME", "end somebody's access, at once", NULL, cmd_access_revoke },
	{ "login", "", "URL", "make a key, have it certified by a controller, and speak to that one from now on", login, cmd_login },
	{ "context", "list", "", "list the controllers that natalctl can speak to", list_only, cmd_context_list, true },
	{ "context", "use", "NAME", "speak to that one from now on (local: the unix socket)", NULL, cmd_context_use },
	{ "context", "delete", "NAME", "forget a controller, and the key for it", NULL, cmd_context_delete },
	{ "context", "export", "NAME", "write certificate and key for it, for curl, Prometheus and the like", context_export, cmd_context_export },
	{ "lint", "", "FILE", "say whether user-data is right, before a VM is made of it", lint, cmd_lint },
	{ "audit", "list", "", "every change through the API: when, who, what", list_only, cmd_audit_list, true },
	{ "audit", "verify", "", "check the audit's chains of hashes, each row against the one before", audit_verify, cmd_audit_verify },
	{ "status", "", "", "what natald is and holds", NULL, cmd_status },
	{ "store", "check", "", "look whether the store is whole, and count its rows", store_any, cmd_store },
	{ "store", "backup", "FILE", "copy the store into a file", store_any, cmd_store },
	{ "store", "restore", "FILE", "put such a copy into a store that is empty", store_any, cmd_store },
	{ "store", "migrate", "", "move the store to a PostgreSQL, and compare what arrived", store_migrate, cmd_store },
	{ "backup", "", "DIR", "copy what natald holds into a folder", NULL, cmd_backup },
	{ "host", "list", "", "list the machines that run guests", list_only, cmd_host_list, true },
	{ "daemon", "start", "", "start natald in the background", daemon_start, cmd_daemon_start },
	{ "daemon", "stop", "", "end natald; guests run on", NULL, cmd_daemon_stop },
	{ "completion", "bash", "", "completion for bash: eval it", NULL, cmd_completion },
	{ "completion", "zsh", "", "completion for zsh: a file _natalctl in $fpath, or eval it", NULL, cmd_completion },
	{ "completion", "fish", "", "completion for fish: source it", NULL, cmd_completion },
	{ "version", "", "", "natalctl's version", NULL, cmd_version },
	{ "help", "", "", "this text", NULL, cmd_help },
};
const size_t cli_verb_count = ARRAY_SIZE(cli_verbs);
