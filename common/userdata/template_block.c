/* template_block.c - the text between tags, and the statements. */
#include <ctype.h>
#include <string.h>
#include "common/base/text.h"
#include "common/userdata/template_impl.h"

enum { BRANCHES_MAX = 256 };

struct list { struct stmt *first, **last; };

static struct stmt *add(struct template *t, struct list *l, enum stmt_kind kind, const char *at)
{
	struct stmt *s = arena_alloc(t->in->arena, sizeof *s);

	s->kind = kind;
	s->at = at;
	*l->last = s;
	l->last = &s->next;
	return s;
}

/* The next "{{", "{%" or "{#" from p on; the end where there is none. */
static const char *find_tag(const struct template *t, const char *p)
{
	for (; (p = memchr(p, '{', (size_t)(t->end - p))); p++)
		if (t->end - p > 1 && (p[1] == '{' || p[1] == '%' || p[1] == '#'))
			return p;
	return t->end;
}

/* Text up to the tag at `tag`, cut by its '-' and by that of the tag before. */
static void add_text(struct template *t, struct list *l, const char *tag)
{
	const char *from = t->at, *to = tag;

	if (t->strip_next)
		while (from < to && isspace((unsigned char)*from))
			from++;
	t->strip_next = false;
	if (t->end - tag > 2 && tag[2] == '-')
		while (to > from && isspace((unsigned char)to[-1]))
			to--;
	if (to > from)
		add(t, l, S_TEXT, from)->end = to;
	t->at = tag;
}

static bool skip_comment(struct template *t)
{
	const char *p = t->at + 2;

	if (t->end - p >= 2)
		p = memmem(p, (size_t)(t->end - p), "#}", 2);
	else
		p = NULL;
	if (!p)
		return template_fail(t, ERR_FORMAT, t->at, "Missing end of comment tag");
	/* "{#-#}": the one '-' is the opening's. */
	t->strip_next = p[-1] == '-' && p - t->at > 3;
	bool plus = p[-1] == '+';
	t->at = p + 2;
	if (!t->strip_next && !plus && t->at < t->end && *t->at == '\n')
		t->at++;
	return true;
}

/* Opens the tag at t->at and looks at its first token. */
static bool open_tag(struct template *t, char closing)
{
	t->at += 2;
	if (t->at < t->end && (*t->at == '-' || (*t->at == '+' && closing == '%')))
		t->at++;
	t->bracket_count = 0;
	return lex_next(t, closing);
}

static bool close_tag(struct template *t)
{
	return !t->failed && (t->token == T_END || template_fail(t, ERR_FORMAT, t->from, "expected token '%s', got '%s'",
		"end of statement block", token_show(t)));
}

/* Behind {% raw %}: text up to {% endraw %}, tags in it meaning nothing. */
static bool parse_raw(struct template *t, struct list *l, const char *at)
{
	for (const char *p = t->at; (p = memmem(p, (size_t)(t->end - p), "{%", 2)); p += 2) {
		const char *word = p + 2 + (t->end - p > 2 && (p[2] == '-' || p[2] == '+'));
		while (word < t->end && isspace((unsigned char)*word))
			word++;
		if (t->end - word < 6 || memcmp(word, "endraw", 6) != 0)
			continue;
		add_text(t, l, p);
		return open_tag(t, '%') && lex_next(t, '%') && close_tag(t);
	}
	return template_fail(t, ERR_FORMAT, at, "Missing end of raw directive");
}

static bool target(struct template *t, const char **ret)
{
	static const char *const reserved[] = { "true", "false", "none", "True", "False", "None", "not", "and", "or", "if", "else", "in", "is",
		"loop" };

	for (size_t i = 0; i < ARRAY_SIZE(reserved); i++)
		if (token_is(t, reserved[i]))
			return template_fail(t, ERR_FORMAT, t->from, "can't assign to '%s'", reserved[i]);
	if (t->token != T_NAME)
		return template_fail(t, ERR_FORMAT, t->from, "expected token 'name', got '%s'", token_show(t));
	*ret = arena_copy(t->in->arena, t->from, (size_t)(t->to - t->from));
	return lex_next(t, '%');
}

/* Where a block may end: the words of the tags, and which came. */
struct until { const char *const *words; int came; };
static bool parse_blocks(struct template *t, struct list *l, struct until *until);

static bool parse_body(struct template *t, struct stmt **ret, struct until *until)
{
	struct list l = { NULL, &l.first };

	if (++t->depth > TEMPLATE_DEPTH_MAX)
		return template_fail(t, ERR_LIMIT, t->at, "blocks are nested more than %d deep", TEMPLATE_DEPTH_MAX);
	if (!parse_blocks(t, &l, until))
		return false;
	t->depth--;
	*ret = l.first;
	return true;
}

/* Behind "if" or "elif". The tags that follow are taken up to endif. */
static bool parse_if(struct template *t, struct list *l, const char *at)
{
	static const char *const words[] = { "elif", "else", "endif", NULL }, *const end[] = { "endif", NULL };
	struct until until = { words, 0 };
	struct stmt *s = add(t, l, S_IF, at);

	for (unsigned branches = 0;; branches++) {
		if (branches > BRANCHES_MAX)
			return template_fail(t, ERR_LIMIT, t->from, "more than %d elif", BRANCHES_MAX);
		if (!(s->expr = expr_parse(t, '%')) || !close_tag(t) || !parse_body(t, &s->body, &until))
			return false;
		if (until.came != 0)
			break;
		struct list inner = { NULL, &s->otherwise };
		if (!lex_next(t, '%'))
			return false;
		s = add(t, &inner, S_IF, t->from);
	}
	if (until.came == 1) {
		until = (struct until){ end, 0 };
		if (!lex_next(t, '%') || !close_tag(t) || !parse_body(t, &s->otherwise, &until))
			return false;
	}
	return lex_next(t, '%') && close_tag(t);
}

/* Behind "for": NAME[, NAME] in EXPRESSION [if EXPRESSION] */
static bool parse_for(struct template *t, struct list *l, const char *at)
{
	static const char *const words[] = { "else", "endfor", NULL };
	struct until until = { words, 0 };
	struct stmt *s = add(t, l, S_FOR, at);

	if (!target(t, &s->names[0]))
		return false;
	if (t->token == ',' && (!lex_next(t, '%') || !target(t, &s->names[1])))
		return false;
	if (!token_is(t, "in"))
		return template_fail(t, ERR_FORMAT, t->from, "expected token 'in', got '%s'", token_show(t));
	if (!lex_next(t, '%') || !(s->expr = expr_parse_simple(t, '%')))
		return false;
	if (token_is(t, "if") && (!lex_next(t, '%') || !(s->filter = expr_parse(t, '%'))))
		return false;
	if (token_is(t, "recursive"))
		return template_fail(t, ERR_UNSUPPORTED, t->from, "recursive loops are not done here");
	if (!close_tag(t) || !parse_body(t, &s->body, &until))
		return false;
	if (until.came == 0) {
		until = (struct until){ words + 1, 0 };
		if (!lex_next(t, '%') || !close_tag(t) || !parse_body(t, &s->otherwise, &until))
			return false;
	}
	return lex_next(t, '%') && close_tag(t);
}

static bool parse_set(struct template *t, struct list *l, const char *at)
{
	struct stmt *s = add(t, l, S_SET, at);

	if (!target(t, &s->names[0]))
		return false;
	if (t->token != '=')
		return template_fail(t, ERR_UNSUPPORTED, t->from, "{%% set %%} is done as {%% set NAME = EXPRESSION %%} only");
	return lex_next(t, '%') && (s->expr = expr_parse(t, '%')) && close_tag(t);
}

static bool parse_do(struct template *t, struct list *l, const char *at)
{
	struct stmt *s = add(t, l, S_DO, at);

	return (s->expr = expr_parse(t, '%')) && close_tag(t);
}

static bool parse_tag_raw(struct template *t, struct list *l, const char *at) { return close_tag(t) && parse_raw(t, l, at); }

static bool unknown_tag(struct template *t, const struct until *until)
{
	static const char *const jinja[] = { "block", "extends", "include", "import", "from", "macro", "call", "filter", "with", "autoescape", "trans",
		"break", "continue" };
	static const char *const tags[] = { "if", "elif", "else", "endif", "for", "endfor", "set", "do", "raw", NULL };
	const char *name = token_show(t);

	for (size_t i = 0; i < ARRAY_SIZE(jinja); i++)
		if (strcmp(name, jinja[i]) == 0)
			return template_fail(t, ERR_UNSUPPORTED, t->from, "the tag '%s' of Jinja is not done here", name);
	template_fail(t, ERR_FORMAT, t->from, "Encountered unknown tag '%s'.", name);
	if (until)
		err_hint(t->e, "the innermost block that has to be closed ends with '%s'", until->words[until->words[1] ? until->words[2] ? 2 : 1 : 0]);
	else
		err_suggest(t->e, name, tags, "if, for, set, do and raw are there");
	return false;
}

/* One {% %}. *ended: it is one that the block was to end with; its first word is the token looked at. */
static bool parse_statement(struct template *t, struct list *l, struct until *until, bool *ended)
{
	static const struct { const char *word; bool (*parse)(struct template *, struct list *, const char *); } statements[] = {
		{ "if", parse_if }, { "for", parse_for }, { "set", parse_set }, { "do", parse_do }, { "raw", parse_tag_raw } };
	const char *at = t->at;

	if (!open_tag(t, '%'))
		return false;
	if (t->token != T_NAME)
		return template_fail(t, ERR_FORMAT, t->from, "tag name expected");
	for (int i = 0; until && until->words[i]; i++)
		if (token_is(t, until->words[i])) {
			until->came = i;
			*ended = true;
			return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(statements); i++)
		if (token_is(t, statements[i].word))
			return lex_next(t, '%') && statements[i].parse(t, l, at);
	return unknown_tag(t, until);
}

static bool parse_print(struct template *t, struct list *l)
{
	struct stmt *s = add(t, l, S_PRINT, t->at);

	if (!open_tag(t, '}'))
		return false;
	if (t->token == T_END)
		return template_fail(t, ERR_FORMAT, t->from, "Expected an expression, got 'end of print statement'");
	if (!(s->expr = expr_parse(t, '}')))
		return false;
	return t->token == T_END || template_fail(t, ERR_FORMAT, t->from, "expected token 'end of print statement', got '%s'", token_show(t));
}

static bool parse_blocks(struct template *t, struct list *l, struct until *until)
{
	const char *opened = t->at;

	for (bool ended = false; !ended;) {
		const char *tag = find_tag(t, t->at);
		add_text(t, l, tag);
		if (tag == t->end) {
			if (!until)
				return true;
			return template_fail(t, ERR_FORMAT, opened, "Unexpected end of template: the block that begins here wants '%s'",
				until->words[until->words[1] ? until->words[2] ? 2 : 1 : 0]);
		}
		if (tag[1] == '#' ? !skip_comment(t) : tag[1] == '{' ? !parse_print(t, l) : !parse_statement(t, l, until, &ended))
			return false;
	}
	return true;
}

struct stmt *template_parse(struct template *t)
{
	struct list l = { NULL, &l.first };

	return parse_blocks(t, &l, NULL) ? l.first : NULL;
}
