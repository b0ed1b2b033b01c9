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

struct signer { int fd; pid_t pid; };

int signer_start(const struct signer_config *config, struct signer **ret, struct err *e)
{
	int pair[2];
	struct signer *s = calloc(1, sizeof *s);

	if (!s)
		return err_nomem(e);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		free(s);
		return err_sys(e, "a channel to the signer");
	}
	int size = 1 << 20;
	for (int i = 0; i < 2; i++)
		setsockopt(pair[i], SOL_SOCKET, SO_SNDBUF, &size, sizeof size);
	pid_t pid = fork();
	if (pid == 0) {
		struct err err = ERR_NONE;
		close(pair[0]);
		signal(SIGINT, SIG_IGN);        /* a terminal's ^C is for natald, which closes the channel */
		int r = signer_serve(pair[1], config, &err);
		if (r)
			err_print(&err);
		_exit(r ? err_exit_status(err.code) : 0);
	}
	close(pair[1]);
	if (pid < 0) {
		err_sys(e, "start the signer");
		close(pair[0]);
		free(s);
		return -(int)e->code;
	}
	*s = (struct signer){ pair[0], pid };
	*ret = s;
	return 0;
}

void signer_stop(struct signer *s)
{
	if (!s)
		return;
	close(s->fd);
	while (waitpid(s->pid, NULL, 0) < 0 && errno == EINTR)
		;
	free(s);
}

int signer_fd(const struct signer *s) { return s->fd; }

pid_t signer_pid(const struct signer *s) { return s->pid; }

bool signer_alive(const struct signer *s)
{
	struct pollfd p = { s->fd, POLLIN, 0 };

	return poll(&p, 1, 0) == 0;
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

static int collect(struct signer *s, struct json_object **ret, struct err *e)
{
	scoped_free char *reply = malloc(SIGNER_MESSAGE_MAX);
	scoped_json struct json_object *o = NULL;

	if (!reply)
		return err_nomem(e);
	struct pollfd p = { s->fd, POLLIN, 0 };
	int64_t deadline = clock_mono_ms() + REPLY_TIMEOUT_MS;
	int n;
	while ((n = poll(&p, 1, (int)clock_left_ms(deadline))) < 0 && errno == EINTR)
		;
	if (n == 0)
		return err_set(e, ERR_UNAVAILABLE, "the signer did not answer within %d ms", REPLY_TIMEOUT_MS);
	ssize_t got = recv(s->fd, reply, SIGNER_MESSAGE_MAX, 0);
	if (got <= 0)
		return err_set(e, ERR_UNAVAILABLE, "the signer has ended");
	int r = json_parse(reply, (size_t)got, "the signer's reply", &o, e);
	if (r)
		return r;
	const char *reason = json_text(o, "reason");
	if (reason)
		return err_set(e, err_from_reason(reason), "%s", json_text(o, "message") ? json_text(o, "message") : "the signer refused");
	*ret = give(o);
	return 0;
}

static int ask(struct signer *s, struct json_object *question, struct json_object **ret, struct err *e)
{
	int r = post(s, question, e);
	return r ? r : collect(s, ret, e);
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

int signer_post(struct signer *s, const char *op, const struct bundle_ref *ref, struct err *e)
{
	scoped_json struct json_object *q = json_object_new_object();

	json_put(q, "op", op);
	json_put(q, "vm_id", ref->vm_id);
	json_put_uint(q, "sequence", (uint64_t)ref->sequence);
	return post(s, q, e);
}

int signer_collect_cert(struct signer *s, struct buf *cert_pem, struct err *e)
{
	scoped_json struct json_object *a = NULL;

	int r = collect(s, &a, e);
	return r ? r : take_text(a, "cert", cert_pem, e);
}

int signer_collect_signatures(struct signer *s, struct buf *signatures, struct buf *pin_record, struct err *e)
{
	scoped_json struct json_object *a = NULL;
	int r;

	return (r = collect(s, &a, e)) || (r = take_hex(a, "signatures", signatures, e)) ? r : take_hex(a, "pin_record", pin_record, e);
}

int signer_issue(struct signer *s, const struct bundle_ref *ref, struct buf *cert_pem, struct err *e)
{
	int r = signer_post(s, SIGNER_OP_ISSUE, ref, e);
	return r ? r : signer_collect_cert(s, cert_pem, e);
}

int signer_sign(struct signer *s, const struct bundle_ref *ref, struct buf *signatures, struct buf *pin_record, struct err *e)
{
	int r = signer_post(s, SIGNER_OP_SIGN, ref, e);
	return r ? r : signer_collect_signatures(s, signatures, pin_record, e);
}
