/* page.h - ETags, and lists that come in pages: what a client saw, and where it goes on. */
#pragma once
#include "controller/api/api.h"

enum { PAGE_MAX = 1000, PAGE_DEFAULT = 100 };
/* ?limit= and the name that the cursor of ?after= stands for ("": from the start). */
int page_read(const struct request *rq, size_t *ret_limit, char after[64], struct err *e);
/* The reply's `next`, where there is more: after this name. */
void page_next(struct request *rq, const char *name);
/* The answer has this ETag. Where the client knows it already it is 304, or with ?wait= the request waits for another. */
int answer_tagged(struct request *rq, const char *tag, struct err *e);
/* The same of a document that has no revision: its digest is its ETag. */
int answer_digest(struct request *rq, struct err *e);
