/* reqlog.h - what is told of each answer: counted, and where it is asked for a line in the log. */
#pragma once
#include "controller/http/request.h"

enum log_level { LOG_EVENTS, LOG_REQUESTS };
/* "events", "requests"; false: neither. */
bool log_level_read(const char *word, enum log_level *ret);
/* From now on. arg of request_watch() is c. */
void reqlog_start(struct ctl *c);
