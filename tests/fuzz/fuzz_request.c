/* What a client asks, line by line: method and path, parameters (`name=value`) and headers (`name: value`), an empty line, the body. Which route it is,
 * whether that takes them, its document; the cursor of a page and the tags of If-Match. A cursor that is taken is the one that would be given out. */
#include <string.h>
#include "tests/fuzz/fuzz.h"
#include "common/base/scope.h"
#include "controller/api/page.h"
#include "controller/http/request.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

/* One line of *at, a string of its own; NULL: none, or the empty one. */
static char *next_line(char **at)
{
	char *line = *at, *end = line ? strchr(line, '\n') : NULL;

	if (!line || !end)
		return NULL;
	*end = 0;
	*at = end + 1;
	return *line ? line : NULL;
}

static void first_line(struct request *rq, char *line)
{
	char *path = strchr(line, ' ');

	if (path)
		*path++ = 0;
	strncat(rq->method, line, sizeof rq->method - 1);
	if (path && strlen(path) < REQUEST_PATH_MAX)
		rq->path = path;
}

static void other_line(struct request *rq, char *line)
{
	char *value = strpbrk(line, "=:");
	bool header = value && *value == ':';
	struct err e = ERR_NONE;

	if (value)
		*value++ = 0;
	if (request_param_take(rq, header, line, value ? value : "", &e))
		PROMISE(*e.msg);
}

static void a_page(struct request *rq)
{
	struct err e = ERR_NONE;
	size_t limit = 0;
	char after[64];

	if (page_read(rq, &limit, after, &e)) {
		PROMISE(*e.msg && e.code == ERR_USAGE);
		return;
	}
	PROMISE(limit >= 1 && limit <= 1000 && memchr(after, 0, sizeof after));
	json_free(rq->reply);
	rq->reply = json_object_new_object();
	page_next(rq, after);
	PROMISE(*after ? strcmp(json_text(rq->reply, "next"), rq->after) == 0 : !*rq->after && !json_text(rq->reply, "next"));
}

static void tags(const struct request *rq)
{
	static const char tag[] = "\"0123\"";

	if (tag_in(rq->if_match, tag, false))
		PROMISE(strcmp(rq->if_match, "*") == 0 || strstr(rq->if_match, tag));
	if (*rq->if_none_match && !strpbrk(rq->if_none_match, " ,/*"))
		PROMISE(tag_in(rq->if_none_match, rq->if_none_match, true));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	scoped_free char *text = malloc(size + 1);
	char no_path[] = "";
	struct request rq = { .body = BUF_MAX(1 << 20), .path = no_path };
	struct err e = ERR_NONE;
	char *at = text, *line;

	PROMISE(text);
	memcpy(text, bytes, size);
	text[size] = 0;
	if ((line = next_line(&at)))
		first_line(&rq, line);
	while (line && (line = next_line(&at)))
		other_line(&rq, line);
	if (size > (size_t)(at - text))
		buf_add(&rq.body, at, size - (size_t)(at - text));
	if (route_find(&rq, &e) || request_params_check(&rq, &e) || route_decode(&rq, &e))
		PROMISE(*e.msg);
	else
		PROMISE(rq.route && memchr(rq.name, 0, sizeof rq.name));
	a_page(&rq);
	tags(&rq);
	json_free(rq.reply);
	json_free(rq.json);
	buf_fini(&rq.body);
	return 0;
}
