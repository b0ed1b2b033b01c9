/* cmd_wait.c - natalctl vm show, wait, logs: what happened to a machine, for a person to understand. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "common/base/clock.h"
#include "controller/cli/vm.h"

enum { LOG_MAX = 4 << 20 };

/* One finding: level, item, message, hint. */
static void print_finding(FILE *to, struct json_object *f)
{
	const char *level = shown(f, "level"), *item = shown(f, "item"), *hint = shown(f, "hint");

	fprintf(to, "  %s: %s%s%s\n", *level ? level : "error", item, *item ? ": " : "", shown(f, "message"));
	if (*hint)
		fprintf(to, "    hint: %s\n", hint);
}

static void print_findings(FILE *to, struct json_object *report)
{
	struct json_object *a = NULL;

	if (report)
		json_object_object_get_ex(report, "findings", &a);
	for (size_t i = 0; a && json_object_is_type(a, json_type_array) && i < json_object_array_length(a); i++)
		print_finding(to, json_object_array_get_idx(a, i));
}

static void print_items(struct json_object *report)
{
	struct json_object *a = NULL;

	json_object_object_get_ex(report, "items", &a);
	for (size_t i = 0; a && json_object_is_type(a, json_type_array) && i < json_object_array_length(a); i++) {
		struct json_object *item = json_object_array_get_idx(a, i);
		if (json_object_is_type(item, json_type_array) && json_object_array_length(item) >= 2)
			printf("  %-8s %s\n", shown_at(item, 1), shown_at(item, 0));
	}
}

static void print_report(struct json_object *report)
{
	struct json_object *authentic;

	if (!report)
		return;
	bool good = json_object_object_get_ex(report, "authenticated", &authentic) && json_object_get_boolean(authentic);
	printf("\n%s: %s, step %llu of %llu %s%s\n", good ? "last report" : "last claim", *shown(report, "phase") ? shown(report, "phase") : "?",
		(unsigned long long)json_uint(report, "k", 0), (unsigned long long)json_uint(report, "n", 0), shown(report, "step"),
		good ? "" : " (unauthenticated: nothing is decided by it)");
	print_findings(stdout, report);
	print_items(report);
}

/* Of one that is born without a medium. */
static void print_birth(struct json_object *o)
{
	struct json_object *b = NULL;
	char text[80];

	if (!json_object_object_get_ex(o, "birth", &b))
		return;
	uint64_t refused = json_uint(b, "refused", 0);
	snprintf(text, sizeof text, "by %s", json_text(b, "proof") ? json_text(b, "proof") : "");
	print_field("birth", text);
	print_time("token until", json_uint(b, "token_until", 0));
	print_time("asked", json_uint(b, "asked_at", 0));
	snprintf(text, sizeof text, "%llu", (unsigned long long)refused);
	print_field("refused", refused ? text : NULL);
}

int cmd_vm_show(struct cli *cli, struct err *e)
{
	static const char *const keys[] = { "name", "id", "state", "reason", "host", "image", "agent", "agent_by", "uuid", "instance_id", "mac" };
	scoped_json struct json_object *o = NULL;
	struct json_object *b, *bundle = NULL, *report = NULL;
	char text[160];

	int r = vm_call(cli, "GET", "", NULL, &o, e);
	if (r || cli->json)
		return r ? r : print_json(o);
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++)
		print_field(keys[i], json_text(o, keys[i]));
	print_field("running", json_object_object_get_ex(o, "running", &b) && json_object_get_boolean(b) ? "yes" : "no");
	vm_forwards(o, text);
	print_field("forwards", text);
	print_field("vTPM EK", json_text(o, "ek_sha256"));
	print_birth(o);
	snprintf(text, sizeof text, "%llu", (unsigned long long)json_uint(o, "sequence", 0));
	print_field("sequence", text);
	print_time("created", json_uint(o, "created_at", 0));
	if (json_object_object_get_ex(o, "bundle", &bundle)) {
		print_field("bundle", json_text(bundle, "digest"));
		print_time("delivered", json_uint(bundle, "delivered_at", 0));
		print_time("wiped", json_uint(bundle, "wiped_at", 0));
	}
	if (json_object_object_get_ex(o, "report", &report))
		print_report(report);
	if (json_object_object_get_ex(o, "unproven", &report))
		print_report(report);
	if (json_uint(o, "forged", 0))
		printf("\n%llu reports with a wrong MAC were dropped\n", (unsigned long long)json_uint(o, "forged", 0));
	return 0;
}

/* ---- wait ---- */

/* live: a line stands on the terminal without its end; ticking: that line is only the clock. */
struct following { struct cli *cli; uint64_t after; int64_t start_ms; bool live, ticking, unauthenticated; char last_state[32]; };

static void end_live(struct following *f)
{
	if (f->live)
		printf("%s", f->ticking ? "\r\033[K" : "\n");
	f->live = f->ticking = false;
}

/* On a terminal, nothing to show for a second: the state and for how long, so that nobody wonders. */
static void tick(struct following *f, const char *state)
{
	if (!f->cli->tty || f->cli->json || (f->live && !f->ticking))
		return;
	printf("\r\033[K%-13s %lld s", state ? state : "", (long long)(clock_mono_ms() - f->start_ms) / 1000);
	fflush(stdout);
	f->live = f->ticking = true;
}

static void show_step(struct following *f, struct json_object *ev)
{
	double ms = (double)json_uint(ev, "took_us", 0) / 1000;
	const char *step = shown(ev, "step");

	if (!json_uint(ev, "n", 0) || !*step)
		return;
	printf("%s%3llu/%-3llu %-32s %8.1f ms%s", f->cli->tty ? "\r\033[K" : "", (unsigned long long)json_uint(ev, "k", 0),
		(unsigned long long)json_uint(ev, "n", 0), step, ms, f->cli->tty ? "" : "\n");
	f->live = f->cli->tty;
	f->ticking = false;
	fflush(stdout);
}

static void show_birth(struct following *f, struct json_object *ev)
{
	const char *why = shown(ev, "why"), *proof = shown(ev, "proof");

	end_live(f);
	printf("%-13s %s by %s%s%s\n", "birth", shown(ev, "what"), shown(ev, "from"), *why ? ": " : *proof ? ", " : "", *why ? why : proof);
}

static void show_late(struct following *f, struct json_object *ev)
{
	end_live(f);
	printf("%-13s goal %llu.%llu, superseded or of an earlier boot, had ended: %s\n", "late", (unsigned long long)json_uint(ev, "epoch", 0),
		(unsigned long long)json_uint(ev, "gen", 0), shown(ev, "phase"));
	print_findings(stdout, ev);
}

static void show_event(struct following *f, struct json_object *ev)
{
	const char *kind = json_text(ev, "kind"), *state = json_text(ev, "state");

	f->after = json_uint(ev, "seq", f->after);
	if (f->cli->json) {
		printf("%s\n", json_line(ev));
		fflush(stdout);
	} else if (kind && strcmp(kind, "step") == 0) {
		show_step(f, ev);
	} else if (kind && strcmp(kind, "unauthenticated") == 0) {
		if (!json_text(ev, "phase") || strcmp(json_text(ev, "phase"), "failed") != 0)
			return;         /* every boot begins so: nothing is verified yet */
		end_live(f);
		printf("an unauthenticated report (nothing is decided by it): %s\n", shown(ev, "phase"));
		print_findings(stdout, ev);
	} else if (kind && strcmp(kind, "birth") == 0) {
		show_birth(f, ev);
	} else if (kind && strcmp(kind, "late") == 0) {
		show_late(f, ev);
	} else if (state && (strcmp(state, "provisioning") != 0 || strcmp(f->last_state, state) != 0)) {
		end_live(f);
		printf("%-13s %s\n", shown(ev, "state"), shown(ev, "reason"));
	}
	if (state)
		snprintf(f->last_state, sizeof f->last_state, "%s", state);
	if (kind && strcmp(kind, "unauthenticated") == 0 && json_text(ev, "phase") && strcmp(json_text(ev, "phase"), "failed") == 0)
		f->unauthenticated = true;
}

static int ended(struct following *f, struct json_object *o, struct err *e)
{
	const char *state = shown(o, "state"), *reason = shown(o, "reason"), *name = f->cli->args[0];
	scoped_json struct json_object *vm = NULL;
	struct json_object *report = NULL;

	end_live(f);
	if (strcmp(state, "provisioned") == 0 || strcmp(state, "verified") == 0)
		return 0;
	int r = vm_call(f->cli, "GET", "", NULL, &vm, e);
	if (r)
		return r;
	if (!f->cli->json && json_object_object_get_ex(vm, "report", &report))
		print_findings(stderr, report);
	err_set(e, strcmp(state, "failed") == 0 || strcmp(state, "degraded") == 0 ? ERR_UNAVAILABLE : strcmp(state, "drifted") == 0 ?
		ERR_UNTRUSTED : ERR_CONFLICT,
		"VM %s is %s: %s", name, state, reason);
	err_hint(e, "natalctl vm show %s lists every item; natalctl vm logs %s shows the console", name, name);
	return -(int)e->code;
}

static bool is_true(struct json_object *o, const char *key)
{
	struct json_object *b;
	return json_object_object_get_ex(o, key, &b) && json_object_get_boolean(b);
}

/* The medium is out and the keys are wiped, or it failed: not merely a report that is being looked at. */
static bool settled(struct json_object *o)
{
	const char *reason = json_text(o, "reason");
	return is_true(o, "final") && !(reason && strcmp(reason, "its medium is being ejected") == 0);
}

/* What came before the newest start or reissue is history: `vm wait` tells this boot's story. */
static size_t last_start(struct json_object *events)
{
	size_t n = events ? json_object_array_length(events) : 0;

	while (n-- > 0) {
		const char *reason = json_text(json_object_array_get_idx(events, n), "reason");
		if (reason && (strncmp(reason, "starting", 8) == 0 || strncmp(reason, "reissued", 8) == 0))
			return n;
	}
	return 0;
}

/* What ^C says; made before, since a signal handler makes nothing. */
static char farewell[256];

static void on_interrupt(int sig)
{
	if (write(STDERR_FILENO, farewell, strlen(farewell)) < 0)
		_exit(130);
	signal(sig, SIG_DFL);           /* and ends as the shell expects it: by the signal */
	raise(sig);
}

static void expect_interrupt(const struct cli *cli)
{
	struct sigaction now, act = { .sa_handler = on_interrupt };

	snprintf(farewell, sizeof farewell, "%sinterrupted: VM %.64s goes on by itself; natalctl vm wait %.64s follows it again\n",
		cli->tty ? "\r\033[K" : "", cli->args[0], cli->args[0]);
	if (sigaction(SIGINT, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
		sigaction(SIGINT, &act, NULL);
}

int cmd_vm_wait(struct cli *cli, struct err *e)
{
	struct following f = { .cli = cli, .start_ms = clock_mono_ms() };
	uint64_t timeout_s = cli_number(cli, "--timeout", 900);
	const int64_t most_s = cli->tty && !cli->json ? 1 : 20;         /* a terminal wants its clock moved */
	int r;

	expect_interrupt(cli);
	for (int64_t deadline = clock_mono_ms() + 1000 * (int64_t)timeout_s;;) {
		scoped_json struct json_object *o = NULL;
		struct json_object *events = NULL;
		char tail[80];
		int64_t left_s = (deadline - clock_mono_ms() + 999) / 1000;
		snprintf(tail, sizeof tail, "/events?after=%llu&wait=%lld", (unsigned long long)f.after,
			(long long)(left_s < 0 ? 0 : left_s > most_s ? most_s : left_s));
		if ((r = vm_call(cli, "GET", tail, NULL, &o, e)))
			return r;
		events = json_array(o, "events");
		for (size_t i = f.after ? 0 : last_start(events); events && i < json_object_array_length(events); i++)
			show_event(&f, json_object_array_get_idx(events, i));
		if (settled(o))
			return ended(&f, o, e);
		tick(&f, json_text(o, "state"));
		if (f.unauthenticated) {
			end_live(&f);
			err_set(e, ERR_UNTRUSTED, "VM %s: the guest says that it refused what it was given, in a report that nothing proves", cli->args[0]);
			err_hint(e, "natalctl vm logs %s shows the console", cli->args[0]);
			return -(int)e->code;
		}
		if (clock_mono_ms() >= deadline) {
			end_live(&f);
			return err_set(e, ERR_UNAVAILABLE, "VM %s is %s after %llu s: %s", cli->args[0], shown(o, "state"),
				(unsigned long long)timeout_s, shown(o, "reason"));
		}
	}
}

/* To a pipe or a file as the guest wrote it; to a terminal nothing that it would obey. */
static const char *log_text(const struct cli *cli, struct json_object *o)
{
	scoped_buf struct buf text = BUF_MAX(LOG_MAX);
	const char *from = json_text(o, "text") ? json_text(o, "text") : "";

	if (!cli->tty)
		return from;
	for (size_t n; *from; from += n + (from[n] == '\r')) {
		n = strcspn(from, "\r");
		buf_add(&text, from, n);
	}
	json_put(o, "text", text.data ? text.data : "");
	show_clean(o);
	return json_text(o, "text");
}

int cmd_vm_logs(struct cli *cli, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	char tail[40], path[320];
	int r;

	snprintf(tail, sizeof tail, "/log?max=%llu", (unsigned long long)cli_number(cli, "--bytes", 65536));
	if ((r = vm_path(cli->args[0], tail, path, e)) || (r = api_json(cli, &(struct api_call){ "GET", path, .raw = true }, &o, e)))
		return r;
	if (cli->json)
		return print_json(o);
	fputs(log_text(cli, o), stdout);
	return 0;
}
