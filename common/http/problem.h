/* problem.h - the error that a problem document (RFC 9457) of natald's carries. */
#pragma once
#include "common/http/reply.h"

/* text: the document; internal where it is none. */
int http_problem(const char *text, size_t size, unsigned status, struct err *e);
/* 0 where the reply is a success, else its problem. */
int http_reply_good(const struct http_reply *r, struct err *e);
