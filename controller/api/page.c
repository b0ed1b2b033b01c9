/* page.c - see page.h */
#include "controller/api/page.h"

#include <stdio.h>
#include <string.h>
#include "common/base/text.h"
#include "common/crypto/hash.h"

enum { WAIT_MAX_S = 60 };

int page_read(const struct request *rq, size_t *ret_limit, char after[64], struct err *e)
{
	uint64_t limit = request_number(rq->limit, PAGE_DEFAULT);
	size_t n = strlen(rq->after);

	if (limit < 1 || limit > PAGE_MAX)
		return err_set(e, ERR_USAGE, "a limit of %s: 1 to %d", rq->limit, PAGE_MAX);
	memset(after, 0, 64);
	if (n % 2 || n / 2 > 63 || !hex_decode(rq->after, after, n / 2) || strlen(after) != n / 2) {
		err_set(e, ERR_USAGE, "after '%.40s' is no cursor of this list", rq->after);
		err_hint(e, "it is the `next` of the page before, as it was given");
		return -(int)e->code;
	}
	*ret_limit = (size_t)limit;
	return 0;
}

void page_next(struct request *rq, const char *name)
{
	char cursor[2 * 64 + 1];

	hex_encode(name, strnlen(name, 63), cursor);
	if (*name)
		json_put(rq->reply, "next", cursor);
}

bool tag_in(const char *list, const char *tag, bool weak)
{
	size_t n = strlen(tag);

	if (strcmp(list, "*") == 0)
		return true;
	for (const char *at = list; (at = strstr(at, tag)); at++)
		if ((at == list || strchr(weak ? " ,/" : " ,", at[-1])) && (!at[n] || strchr(" ,", at[n])))
			return true;
	return false;
}

int answer_tagged(struct request *rq, const char *tag, struct err *e)
{
	uint64_t wait_s = request_number(rq->wait, 0);

	request_header(rq, "ETag", "%s", tag);
	if (!*rq->if_none_match || !tag_in(rq->if_none_match, tag, true))
		return 0;
	json_free(give(rq->reply));
	if (wait_s && !rq->expired)
		return request_park(rq, 1000 * (int64_t)(wait_s > WAIT_MAX_S ? WAIT_MAX_S : wait_s), e);
	rq->status = 304;
	return 0;
}

int answer_digest(struct request *rq, struct err *e)
{
	const char *line = json_line(rq->reply);
	uint8_t digest[SHA256_SIZE];
	char tag[40] = "\"";

	sha256(line, strlen(line), digest);
	hex_encode(digest, 16, tag + 1);
	memcpy(tag + 33, "\"", 2);
	return answer_tagged(rq, tag, e);
}
