/* client.c - natald's end of the signer. See signer.h. */
#include "controller/signer/signer.h"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/data/json.h"
#include "controller/signer/wire.h"

enum { REPLY_TIMEOUT_MS = 10000 };

struct signer {
	int fd;
	pid_t pid;
	size_t unanswered;                      /* posted messages of births */
	size_t stale;                           /* other questions whose answer was not waited for any more */
	struct json_object *ready;              /* answers that arrived: an array, read up to next */
	size_t next;
	char *reply;                            /* room for SIGNER_MESSAGE_MAX */
};

int signer_start(const struct signer_config *config, struct signer **ret, struct err *e)
{
	int pair[2];
	scoped_signer struct signer *s = calloc(1, sizeof *s);

	if (!s)
		return err_nomem(e);
	*s = (struct signer){ .fd = -1, .ready = json_object_new_array(), .reply = malloc(SIGNER_MESSAGE_MAX) };
	if (!s->ready || !s->reply)
		return err_nomem(e);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(e, "a channel to the signer");
	int size = 1 << 20;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	pid_t pid = fork();
	if (pid == 0) {
		struct err err = ERR_NONE;
		close(pair[0]);
		signal(SIGINT, SIG_IGN);        /* a terminal's ^C is for natald, which closes the channel */
		bool lost;
		int r = store_is_server(config->store) ? signer_keep(pair[1], config, &err) : signer_serve(pair[1], config, NULL, &lost, &err);
		if (r)
			err_print(&err);
		_exit(r ? err_exit_status(err.code) : 0);
	}
	close(pair[1]);
	if (pid < 0) {
		err_sys(e, "start the signer");
		close(pair[0]);
		return -(int)e->code;
	}
	s->fd = pair[0];
	s->pid = pid;
	*ret = give(s);
	return 0;
}

void signer_stop(struct signer *s)
{
	if (!s)
		return;
	if (s->fd >= 0)
		close(s->fd);
	while (s->pid && waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	json_free(s->ready);
	free(s->reply);
	free(s);
}

int signer_fd(const struct signer *s) { return s->fd; }

pid_t signer_pid(const struct signer *s) { return s->pid; }

bool signer_alive(const struct signer *s)
{
	struct pollfd p = { s->fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 0 || (p.revents & (POLLIN | POLLHUP)) == POLLIN;
}

static int post(struct signer *s, struct json_object *o, struct err *e)
{
	const char *line = json_line(o);

	if (send(s->fd, line, strlen(line), MSG_NOSIGNAL) < 0) {
		err_sys(e, "ask the signer");
		e->code = ERR_UNAVAILABLE;
		return -(int)e->code;
	}
	return 0;
}

/* One message. *ret NULL: none within the time. */
static int receive(struct signer *s, int timeout_ms, struct json_object **ret, struct err *e)
{
	struct pollfd p = { s->fd, POLLIN, 0 };
	int64_t deadline = clock_mono_ms() + timeout_ms;
	int n;

	*ret = NULL;
	while ((n = poll(&p, 1, (int)clock_left_ms(deadline))) < 0 && errno == EINTR)
		;
	if (n == 0)
		return 0;
	ssize_t got = recv(s->fd, s->reply, SIGNER_MESSAGE_MAX, 0);
	if (got <= 0)
		return err_set(e, ERR_UNAVAILABLE, "the signer has ended");
	return json_parse(s->reply, (size_t)got, "the signer's reply", ret, e);
}

static int receive_or_fail(struct signer *s, struct json_object **ret, struct err *e)
{
	int r = receive(s, REPLY_TIMEOUT_MS, ret, e);

	return r || *ret ? r : err_set(e, ERR_UNAVAILABLE, "the signer did not answer within %d ms", REPLY_TIMEOUT_MS);
}

/* Puts one message's answers behind those that wait. */
static int keep(struct signer *s, struct json_object *message, struct err *e)
{
	struct json_object *births;

	if (s->stale && !json_object_object_get_ex(message, "births", &births)) {
		s->stale--;
		return 0;
	}
	if (!s->unanswered || !json_object_object_get_ex(message, "births", &births) || !json_object_is_type(births, json_type_array))
		return err_set(e, ERR_INTERNAL, "the signer answered what was not asked");
	s->unanswered--;
	for (size_t i = 0; i < json_object_array_length(births); i++)
		json_object_array_add(s->ready, json_object_get(json_object_array_get_idx(births, i)));
	return 0;
}

static int refusal(struct json_object *o, struct err *e)
{
	const char *reason = json_text(o, "reason"), *message = json_text(o, "message"), *hint = json_text(o, "hint");

	if (!reason)
		return 0;
	err_set(e, err_from_reason(reason), "%s", message ? message : "the signer refused");
	if (hint && *hint)
		err_hint(e, "%s", hint);
	return -(int)e->code;
}

/* Answers to births that were asked for before come first. *ret_refused: the signer answered, and said why not. */
static int ask_once(struct signer *s, struct json_object *question, struct json_object **ret, bool *ret_refused, struct err *e)
{
	scoped_json struct json_object *o = NULL;
	int r = post(s, question, e);

	*ret_refused = false;

	if (r)
		return r;
	while (!r && (s->unanswered || s->stale)) {
		scoped_json struct json_object *earlier = NULL;
		if (!(r = receive_or_fail(s, &earlier, e)))
			r = keep(s, earlier, e);
	}
	if (!r)
		r = receive_or_fail(s, &o, e);
	if (r)
		s->stale++;
	if (r || (r = refusal(o, e))) {
		*ret_refused = o != NULL;
		return r;
	}
	*ret = give(o);
	return 0;
}

/* A signer that finds its connection to the store gone says so and ends; the next one, which has another, is asked once more. */
static int ask(struct signer *s, struct json_object *question, struct json_object **ret, struct err *e)
{
	bool refused;
	int r = ask_once(s, question, ret, &refused, e);

	return r == -ERR_UNAVAILABLE && refused ? ask_once(s, question, ret, &refused, e) : r;
}

static int take_hex(struct json_object *o, const char *key, struct buf *out, struct err *e)
{
	const char *hex = json_text(o, key);
	size_t n = hex ? strlen(hex) / 2 : 0;

	uint8_t *p = buf_room(out, n + 1);
	if (!p)
		return buf_check(out, key, e);
	if (!hex || !hex_decode(hex, p, n))
		return err_set(e, ERR_INTERNAL, "the signer's reply lacks '%s'", key);
	buf_grew(out, n);
	return 0;
}

static int take_text(struct json_object *o, const char *key, struct buf *out, struct err *e)
{
	const char *t = json_text(o, key);

	if (!t)
		return err_set(e, ERR_INTERNAL, "the signer's reply lacks '%s'", key);
	buf_str(out, t);
	return buf_check(out, key, e);
}

int signer_make_media_key(struct signer *s, enum sig_alg alg, struct pubkey *ret, struct buf *sealed, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object(), *a = NULL;
	scoped_buf struct buf spki = BUF_MAX(SPKI_MAX + 1);
	int r;

	json_put(q, "op", "make-media-key");
	json_put(q, "alg", sig_alg_name(alg));
	if ((r = ask(s, q, &a, e)) || (r = take_hex(a, "spki", &spki, e)) || (r = take_hex(a, "sealed", sealed, e)))
		return r;
	return pubkey_from_spki(spki.data, spki.size, "the new key", ret, e);
}

int signer_make_ca(struct signer *s, const char *subject, struct buf *sealed, struct buf *chain_pem, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object(), *a = NULL;
	int r;

	json_put(q, "op", "make-ca");
	json_put(q, "subject", subject);
	return (r = ask(s, q, &a, e)) || (r = take_hex(a, "sealed", sealed, e)) ? r : take_text(a, "chain", chain_pem, e);
}

int signer_csr(struct signer *s, const char *project, const char *subject, struct buf *csr_pem, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object(), *a = NULL;

	json_put(q, "op", "csr");
	json_put(q, "project", project);
	json_put(q, "subject", subject);
	int r = ask(s, q, &a, e);
	return r ? r : take_text(a, "csr", csr_pem, e);
}

int signer_issue(struct signer *s, const char *access_id, struct buf *cert_pem, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object(), *a = NULL;

	json_put(q, "op", "issue-access");
	json_put(q, "id", access_id);
	int r = ask(s, q, &a, e);
	return r ? r : take_text(a, "cert", cert_pem, e);
}

int signer_state(struct signer *s, const char *project, int64_t n, struct buf *envelope, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object(), *a = NULL;

	json_put(q, "op", "state");
	json_put(q, "project", project);
	json_put_uint(q, "n", (uint64_t)n);
	int r = ask(s, q, &a, e);
	return r ? r : take_hex(a, "envelope", envelope, e);
}

int signer_post(struct signer *s, const struct bundle_ref *refs, size_t n, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object();
	struct json_object *births = json_object_new_array();

	for (size_t i = 0; i < n; i++) {
		struct json_object *o = json_object_new_object();
		json_put(o, "vm_id", refs[i].vm_id);
		json_put_uint(o, "sequence", (uint64_t)refs[i].sequence);
		json_put_uint(o, "stage", (uint64_t)refs[i].stage);
		json_object_array_add(births, o);
	}
	json_put(q, "op", SIGNER_OP_BIRTHS);
	json_object_object_add(q, "births", births);
	int r = post(s, q, e);
	if (!r)
		s->unanswered++;
	return r;
}

int signer_read(struct signer *s, struct err *e)
{
	for (;;) {
		scoped_json struct json_object *message = NULL;
		int r = receive(s, 0, &message, e);
		if (r || !message)
			return r;
		if ((r = keep(s, message, e)))
			return r;
	}
}

void signer_answer_fini(struct signer_answer *a)
{
	buf_fini(&a->cert);
	buf_fini(&a->signatures);
	buf_fini(&a->pin_record);
}

size_t signer_answers(const struct signer *s) { return json_object_array_length(s->ready) - s->next; }
bool signer_answered(const struct signer *s) { return signer_answers(s) > 0; }

int signer_next(struct signer *s, struct signer_answer *ret, bool *ret_none, struct err *e)
{
	*ret_none = !signer_answered(s);
	if (*ret_none)
		return 0;
	scoped_json struct json_object *o = json_object_get(json_object_array_get_idx(s->ready, s->next++));
	if (s->next == json_object_array_length(s->ready)) {
		json_object_array_del_idx(s->ready, 0, s->next);
		s->next = 0;
	}
	ret->failed = ERR_NONE;
	if (refusal(o, &ret->failed))
		return 0;
	if (json_text(o, "cert"))
		return take_text(o, "cert", &ret->cert, e);
	int r = take_hex(o, "signatures", &ret->signatures, e);
	return r ? r : take_hex(o, "pin_record", &ret->pin_record, e);
}

int signer_wait(struct signer *s, struct signer_answer *ret, struct err *e)
{
	bool none;
	int r;

	while (!(r = signer_next(s, ret, &none, e)) && none) {
		scoped_json struct json_object *message = NULL;
		if ((r = receive_or_fail(s, &message, e)) || (r = keep(s, message, e)))
			return r;
	}
	return r;
}
