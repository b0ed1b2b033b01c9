/* rsyslog.c - files of /etc/rsyslog.d, and the service told of them. */
#include "agent/module/guest.h"

#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/services.h"

#define FOLDER "/etc/rsyslog.d"
enum { RELOAD_TIMEOUT_MS = 90 * 1000, CONF_MAX = 16 << 20 };

struct conf_file { const char *path; struct buf text; };
struct conf_files { struct conf_file *at; size_t count; struct text_index known; const char *folder, *main; };

static void conf_files_fini(struct conf_files *f)
{
	for (size_t i = 0; i < f->count; i++)
		buf_fini(&f->at[i].text);
}

/* Entries of one file follow one another in it. */
static void add(struct builder *b, struct conf_files *f, const char *name, const char *content)
{
	struct arena *a = &b->plan->arena;
	const char *path = *name == '/' ? name : arena_printf(a, "%s/%s", f->folder, name);
	size_t *number = text_index_at(a, &f->known, path);
	if (!*number) {
		f->at[f->count] = (struct conf_file){ path, BUF_MAX(CONF_MAX) };
		*number = ++f->count;
	}
	struct buf *text = &f->at[*number - 1].text;
	buf_str(text, content);
	buf_str(text, *content && content[strlen(content) - 1] == '\n' ? "" : "\n");
}

/* "FILTER @HOST:PORT # NAME": the filter is *.*, the protocol UDP, where a remote does not say. */
static int put_remote(struct builder *b, struct buf *out, const struct member *m, struct err *e)
{
	struct service_remote to;
	int r = service_remote(&b->plan->arena, m, &to, e);

	if (!r && to.host)
		buf_printf(out, "%s %s%s # %s\n", to.filter ? to.filter : "*.*", to.tcp ? "@@" : "@", to.host, m->key->text);
	return r;
}

static int add_remotes(struct builder *b, struct conf_files *f, const struct node *remotes, struct err *e)
{
	scoped_buf struct buf out = BUF_MAX(SCRIPT_MAX);
	const char *text;
	int r = 0;

	buf_str(&out, "# begin remotes\n");
	for (size_t i = 0; !r && i < remotes->count; i++)
		r = put_remote(b, &out, &remotes->members[i], e);
	buf_str(&out, "# end remotes\n");
	if (!r && !(r = take_text(b, &out, &text, e)))
		add(b, f, f->main, text);
	return r;
}

static int want_service(struct builder *b, const struct node *rsyslog, struct err *e)
{
	static const char *const restart[] = { "/usr/bin/systemctl", "reload-or-try-restart", "rsyslog", NULL }, *const own[] = { "rsyslog", NULL };
	const struct node *command = node_get(rsyslog, "service_reload_command"), *packages = node_get(rsyslog, "packages");
	const char *path;
	struct guest g;
	int r = guest_program(b, cloud_text(rsyslog, "check_exe", "rsyslogd"), &path, e);

	if (r || !want_due(b))
		return r;
	if (!path && cloud_bool(rsyslog, "install_rsyslog", false) && ((r = guest_read(b, &g, e)) ||
	    (r = guest_install(b, &g, packages ? words_of(&b->plan->arena, packages) : own, "rsyslog is not there", e))))
		return r;
	const char *const *argv = command && command->kind == NODE_LIST && command->count ? words_of(&b->plan->arena, command) : restart;
	want_exec(b, argv, RELOAD_TIMEOUT_MS, "its configuration is new");
	return 0;
}

static int want_rsyslog(struct builder *b, const struct node *rsyslog, struct err *e)
{
	const struct node *configs = node_get(rsyslog, "configs"), *remotes = node_get(rsyslog, "remotes");
	size_t n = configs ? configs->count : 0;
	scoped(conf_files_fini) struct conf_files f = { .at = arena_array(&b->plan->arena, n + 1, sizeof *f.at),
		.folder = cloud_text(rsyslog, "config_dir", FOLDER), .main = cloud_text(rsyslog, "config_filename", "20-cloud-config.conf") };
	const char *text;
	int r = service_rsyslog(&b->plan->arena, rsyslog, e);

	for (size_t i = 0; !r && i < n; i++) {
		const struct node *c = configs->items[i];
		text = c->kind == NODE_TEXT ? node_str(c) : cloud_text(c, "content", NULL);
		add(b, &f, cloud_text(c, "filename", f.main), text ? text : "");
	}
	if (!r && remotes && remotes->count)
		r = add_remotes(b, &f, remotes, e);
	for (size_t i = 0; !r && i < f.count; i++)
		/* Tokens of log services stand there, and rsyslogd reads it as root. */
		if (!(r = take_text(b, &f.at[i].text, &text, e)))
			r = want_text(b, f.at[i].path, text, 0600, e);
	return r || !(f.count || cloud_bool(rsyslog, "install_rsyslog", false)) ? r : want_service(b, rsyslog, e);
}

int module_rsyslog(struct builder *b, struct err *e)
{
	const struct node *rsyslog = cloud_key(b, "rsyslog");

	if (!rsyslog)
		return 0;
	want_item(b, "");
	want_frequency(b, FREQ_INSTANCE);
	return want_rsyslog(b, rsyslog, e) ? want_failed(b, e) : 0;
}
