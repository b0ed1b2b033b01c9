/* identity.h - who this host is to its controller, in one file of the state folder (identity.json, 0600): where the controller is, its pin, our
 * certificate and key. Made by joining with a token, renewed on the way.
 */
#pragma once
#include "common/http/enrol.h"
#include "common/http/where.h"

enum { SERVERS_MAX = 8 };
struct identity {
	size_t server_count;
	struct http_where servers[SERVERS_MAX];
	uint8_t pin[SHA256_SIZE];
	uint8_t token[SHA256_SIZE];             /* digest of the one that we joined with: the same again changes nothing */
	struct enrolment own;
};
void identity_fini(struct identity *x);

/* *ret_absent: this host has not joined. */
int identity_load(const char *state, struct identity *ret, bool *ret_absent, struct err *e);
int identity_save(const char *state, const struct identity *x, struct err *e);
/* Where the controller said that it is, at the last joining or renewal, behind the servers that are known: as far as there is room. */
void identity_learn(struct identity *x);
/* Is there room for an identity? A token is used up by whoever asks with it, and what came of it is to be kept. */
int identity_room(const char *state, struct err *e);
/* By the token in a file ("-": standard input), at the first of x->servers that answers. Nothing where it is the token of before. A file that
 * is gone is none where the host has joined already (joined). */
int identity_join(struct identity *x, const char *token_file, bool joined, struct err *e);
