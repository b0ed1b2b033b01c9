/* verify_main.c - natal-verify: checks a guest against its pin record. Its verbs and options are the two tables below. */
#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/verify/command.h"

enum { O_VM = 1, O_PIN = 2, O_TRUST = 4, O_OUTPUT = 8, O_TIMEOUT = 16, STATE_MAX = 4096 };

static const struct verb {
	const char *name, *operand, *summary;
	int (*run)(const struct options *o, struct err *e);
	unsigned options;
} verbs[] = {
	{ "tls", "HOST:PORT", "connect and compare the server's TLS key with a pin record", verb_tls,
		O_VM | O_PIN | O_TRUST | O_OUTPUT | O_TIMEOUT },
	{ "known-hosts", "HOST", "print known_hosts lines for HOST, as OpenSSH's KnownHostsCommand", verb_known_hosts, O_TRUST },
	{ "pin", "FILE", "verify a pin record and show it", verb_pin, O_TRUST | O_OUTPUT },
};

static const struct option_row {
	const char *name, *letter, *value, *summary;
	unsigned bit;
	size_t offset;
} options[] = {
	{ "--vm", NULL, "NAME", "the VM whose record this controller's state holds", O_VM, offsetof(struct options, vm) },
	{ "--pin", NULL, "FILE", "the pin record", O_PIN, offsetof(struct options, pin) },
	{ "--trust", NULL, "DIR", "folder of the controller's public keys (NAME.pub); default: trust.d in the state folder", O_TRUST,
		offsetof(struct options, trust) },
	{ "--output", "-o", "FORMAT", "table (default) or json", O_OUTPUT, offsetof(struct options, output) },
	{ "--timeout", NULL, "SECONDS", "for connection and handshake together, 1 to 600; default: 10", O_TIMEOUT,
		offsetof(struct options, timeout) },
};

static void print_options(unsigned mask)
{
	for (size_t i = 0; i < ARRAY_SIZE(options); i++) {
		char left[40];
		if (!(options[i].bit & mask))
			continue;
		snprintf(left, sizeof left, "%s%s%s %s", options[i].letter ? options[i].letter : "", options[i].letter ? ", " : "",
			options[i].name, options[i].value);
		printf("  %-22s %s\n", left, options[i].summary);
	}
}

static void print_help(const struct verb *one)
{
	if (one) {
		printf("usage: natal-verify %s %s [options]\n%s\n\n", one->name, one->operand, one->summary);
		print_options(one->options);
		return;
	}
	printf("usage: natal-verify VERB OPERAND [options]\nChecks a guest against its pin record.\n\n");
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		printf("  %-11s %-10s %s\n", verbs[i].name, verbs[i].operand, verbs[i].summary);
	printf("\n");
	print_options(~0u);
	printf("  %-22s %s\n  %-22s %s\n", "-h, --help", "this text; after a verb, of that verb", "-V, --version", "the version");
}

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static int unknown_verb(const char *name, struct err *e)
{
	const char *words[ARRAY_SIZE(verbs) + 1] = { NULL };

	for (size_t i = 0; i < ARRAY_SIZE(verbs); i++)
		words[i] = verbs[i].name;
	err_set(e, ERR_USAGE, "unknown verb '%.64s'", name);
	err_suggest(e, name, words, "natal-verify --help lists the verbs");
	return -(int)e->code;
}

static int unknown_option(const struct verb *v, const char *arg, struct err *e)
{
	const char *words[ARRAY_SIZE(options) + 1] = { NULL };
	char bare[64];
	size_t n = 0;

	for (size_t i = 0; i < ARRAY_SIZE(options); i++)
		if (options[i].bit & v->options)
			words[n++] = options[i].name;
	snprintf(bare, sizeof bare, "%.*s", (int)strcspn(arg, "="), arg);
	err_set(e, ERR_USAGE, "%s takes no option '%s'", v->name, bare);
	err_suggest(e, bare, words, "natal-verify VERB --help lists a verb's options");
	return -(int)e->code;
}

/* argv[*i] is an option: stores its value ("--x V", "--x=V", "-o V") and leaves *i on the last word used. */
static int take_option(const struct verb *v, char **argv, int *i, struct options *o, struct err *e)
{
	const char *arg = argv[*i], *equals = strchr(arg, '=');
	size_t n = equals ? (size_t)(equals - arg) : strlen(arg);

	for (size_t k = 0; k < ARRAY_SIZE(options); k++) {
		const struct option_row *row = &options[k];
		bool is_long = strlen(row->name) == n && memcmp(row->name, arg, n) == 0,
		     is_short = row->letter && strcmp(row->letter, arg) == 0;
		if (!(row->bit & v->options) || (!is_long && !is_short))
			continue;
		const char **at = (const char **)((char *)o + row->offset), *value = is_long && equals ? equals + 1 : argv[*i + 1];
		if (!value)
			return err_set(e, ERR_USAGE, "%s needs a value (%s)", row->name, row->value);
		if (*at)
			return err_set(e, ERR_USAGE, "%s stands twice", row->name);
		*i += !(is_long && equals);
		*at = value;
		return 0;
	}
	return unknown_option(v, arg, e);
}

static int take_arguments(const struct verb *v, char **argv, struct options *o, struct err *e)
{
	static const char *const outputs[] = { "table", "json", NULL };

	for (int i = 2; argv[i]; i++) {
		if (argv[i][0] == '-' && argv[i][1]) {
			int r = take_option(v, argv, &i, o, e);
			if (r)
				return r;
		} else if (o->operand)
			return err_set(e, ERR_USAGE, "%s takes one operand (%s), '%.64s' is one more", v->name, v->operand, argv[i]);
		else
			o->operand = argv[i];
	}
	if (!o->operand)
		return err_set(e, ERR_USAGE, "%s needs %s", v->name, v->operand);
	if (o->output && strcmp(o->output, "table") != 0 && strcmp(o->output, "json") != 0) {
		err_set(e, ERR_USAGE, "--output '%.32s' is unknown", o->output);
		err_suggest(e, o->output, outputs, "table and json are known");
		return -(int)e->code;
	}
	return 0;
}

static int run(const struct verb *v, char **argv, struct err *e)
{
	struct options o = { 0 };
	char state[STATE_MAX];
	int r;

	if ((r = take_arguments(v, argv, &o, e)) || (r = state_dir(state, e)))
		return r;
	o.state = state;
	return v->run(&o, e);
}

static bool is_help(const char *arg) { return strcmp(arg, "--help") == 0 || strcmp(arg, "-h") == 0; }

int main(int argc, char **argv)
{
	struct err e;
	const struct verb *v = argc > 1 ? find_verb(argv[1]) : NULL;

	if (argc > 1 && (is_help(argv[1]) || strcmp(argv[1], "help") == 0 || (v && argc > 2 && is_help(argv[argc - 1])))) {
		print_help(v);
		return 0;
	}
	if (argc > 1 && (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)) {
		printf("natal-verify %s\n", PACKAGE_VERSION);
		return 0;
	}
	int r = v ? run(v, argv, &e) : argc > 1 ? unknown_verb(argv[1], &e) : err_set(&e, ERR_USAGE, "no verb given");
	if (!r)
		return 0;
	if (argc < 2)
		err_hint(&e, "natal-verify --help lists the verbs");
	err_print(&e);
	return err_exit_status(e.code);
}
