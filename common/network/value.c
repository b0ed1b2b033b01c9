/* value.c - what the nodes of a network configuration say, each taken with its place. */
#include "common/network/build.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "common/base/text.h"

enum { MTU_MAX = 65536 };        /* the loopback's */

static bool said(const struct node *n) { return n && n->kind != NODE_NULL; }

int net_take_map(struct net_build *b, const struct node *n, const char *what)
{
	if (!said(n) || n->kind == NODE_MAP)
		return 0;
	return node_fail(n, ERR_FORMAT, b->e, "%s: a map is wanted, this is %s", what, node_kind_name(n->kind));
}

int net_take_list(struct net_build *b, const struct node *n, const char *what)
{
	if (!said(n) || n->kind == NODE_LIST)
		return 0;
	return node_fail(n, ERR_FORMAT, b->e, "%s: a list is wanted, this is %s", what, node_kind_name(n->kind));
}

const char *net_say(struct arena *a, const struct node *n)
{
	if (!said(n))
		return "None";
	switch (n->kind) {
	case NODE_BOOL:
		return n->boolean ? "True" : "False";
	case NODE_INT:
		return arena_printf(a, "%" PRId64, n->integer);
	default:
		return n->text ? n->text : "";
	}
}

static bool is_scalar(const struct node *n) { return n->kind != NODE_LIST && n->kind != NODE_MAP && n->kind != NODE_BYTES; }

/* Nothing that ends a line or a quotation in the files that it may go into: those of sysconfig are read by a shell. */
static bool is_plain(const char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f || strchr("\"'`$\\", *s))
			return false;
	return true;
}

int net_take_text(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	if (!said(n))
		return 0;
	if (!is_scalar(n))
		return node_fail(n, ERR_FORMAT, b->e, "%s: a text is wanted, this is %s", what, node_kind_name(n->kind));
	const char *text = net_say(b->arena, n);
	if (n->text && n->count != strlen(n->text))
		return node_fail(n, ERR_FORMAT, b->e, "%s holds a zero byte", what);
	if (strlen(text) > NETCONF_TEXT_MAX)
		return node_fail(n, ERR_LIMIT, b->e, "%s is longer than %d bytes", what, NETCONF_TEXT_MAX);
	if (!is_plain(text))
		return node_fail(n, ERR_FORMAT, b->e, "%s holds a control character, a quote, a dollar or a backslash", what);
	*ret = text;
	return 0;
}

static bool only(const char *s, const char *also)
{
	for (const char *p = s; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr(also, *p))
			return false;
	return *s != 0;
}

int net_take_plain(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	int r = net_take_text(b, n, what, ret);

	if (r || !said(n) || !**ret || only(*ret, "._:/+@%=,~-"))
		return r;
	node_fail(n, ERR_FORMAT, b->e, "%s '%.60s' is no plain word", what, *ret);
	err_hint(b->e, "letters, digits and . _ : / + @ %% = , ~ -: a shell reads it in some guests");
	return -(int)ERR_FORMAT;
}

int net_take_name(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	int r = net_take_text(b, n, what, ret);

	if (r || !said(n))
		return r;
	if (!only(*ret, "._:@+-") || **ret == '.' || **ret == '-') {
		node_fail(n, ERR_FORMAT, b->e, "%s '%.60s' is no interface name", what, *ret);
		err_hint(b->e, "letters, digits and . _ : @ + -, a letter or digit first");
		return -(int)ERR_FORMAT;
	}
	if (strlen(*ret) > 128)
		return node_fail(n, ERR_LIMIT, b->e, "%s is longer than 128 bytes", what);
	return 0;
}

/* Six pairs, or the twenty of InfiniBand, between ':' or '-'. An 'x' stands for a digit that was taken out; such a one matches nothing. */
static bool is_mac(const char *s, bool *ret_real)
{
	size_t n = strlen(s);

	*ret_real = true;
	for (size_t i = 0; i < n; i++) {
		if (i % 3 == 2 ? s[i] != ':' && s[i] != '-' : !isxdigit((unsigned char)s[i]) && tolower((unsigned char)s[i]) != 'x')
			return false;
		if (tolower((unsigned char)s[i]) == 'x')
			*ret_real = false;
	}
	return n == 17 || n == 59;
}

int net_take_mac(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	bool real;

	if (!said(n) || (n->kind == NODE_TEXT && n->count == 0))
		return 0;
	/* Without quotes, one of small digits alone is a number to the base of 60: its spelling is meant. */
	const char *text = is_scalar(n) && n->text ? n->text : "";
	if (!is_mac(text, &real)) {
		node_fail(n, ERR_FORMAT, b->e, "%s '%.60s' is no MAC address", what, text);
		err_hint(b->e, "of the form 52:54:00:12:34:56");
		return -(int)ERR_FORMAT;
	}
	if (!real)
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, n, "%s '%s' matches no interface", what, text);
	char *lower = arena_text(b->arena, text);
	for (char *p = lower; *p; p++)
		*p = (char)tolower((unsigned char)*p);
	*ret = lower;
	return 0;
}

int net_take_number(struct net_build *b, const struct node *n, const char *what, int64_t max, struct net_number *ret)
{
	uint64_t v = 0;

	if (!said(n))
		return 0;
	bool ok = n->kind == NODE_INT ? n->integer >= 0 : n->kind == NODE_TEXT && n->text && text_number(n->text, &v);
	if (n->kind == NODE_INT && ok)
		v = (uint64_t)n->integer;
	if (!ok || v > (uint64_t)max)
		return node_fail(n, ERR_FORMAT, b->e, "%s '%.40s' is not a whole number from 0 to %" PRId64, what,
			is_scalar(n) ? net_say(b->arena, n) : node_kind_name(n->kind), max);
	*ret = (struct net_number){ true, (int64_t)v };
	return 0;
}

int net_take_mtu(struct net_build *b, const struct node *n, struct net_number *ret)
{
	struct net_number mtu = { 0 };
	int r = net_take_number(b, n, "mtu", MTU_MAX, &mtu);

	if (r || !mtu.has)
		return r;
	if (mtu.value == 0) {
		note_add(b->notes, NOTE_WARNING, ERR_FORMAT, n, "mtu 0 has no effect");
		return 0;
	}
	if (mtu.value < 68)
		return node_fail(n, ERR_FORMAT, b->e, "mtu %" PRId64 " is less than 68", mtu.value);
	*ret = mtu;
	return 0;
}

bool net_yes(const struct node *n)
{
	static const char *const words[] = { "true", "1", "on", "yes" };

	if (!said(n))
		return false;
	if (n->kind == NODE_BOOL)
		return n->boolean;
	if (n->kind == NODE_INT)
		return n->integer == 1;
	for (size_t i = 0; n->kind == NODE_TEXT && i < ARRAY_SIZE(words); i++)
		if (strcasecmp(n->text, words[i]) == 0)
			return true;
	return false;
}

/* cloud-init takes every other word for false, a misspelt "ture" among them. */
int net_take_tri(struct net_build *b, const struct node *n, enum net_tri *ret)
{
	static const char *const words[] = { "false", "0", "off", "no" };
	bool no = false;

	if (!said(n))
		return 0;
	for (size_t i = 0; n->kind == NODE_TEXT && i < ARRAY_SIZE(words); i++)
		no |= strcasecmp(n->text, words[i]) == 0;
	no |= (n->kind == NODE_BOOL && !n->boolean) || (n->kind == NODE_INT && n->integer == 0);
	if (!no && !net_yes(n))
		return node_fail(n, ERR_FORMAT, b->e, "this is neither true nor false");
	*ret = no ? NET_NO : NET_YES;
	return 0;
}

int net_take_pattern(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	int r = net_take_text(b, n, what, ret);

	if (r || !said(n) || only(*ret, "._:@+-*?[]!"))
		return r;
	return node_fail(n, ERR_FORMAT, b->e, "%s '%.60s' is no interface name, nor a pattern of such", what, *ret);
}

int net_take_servers(struct net_build *b, const struct node *n, const char *what, struct net_words *ret)
{
	int r = net_take_words(b, n, what, ret);

	for (size_t i = 0; !r && i < ret->count; i++) {
		const char *text = ret->at[i], *slash = strchr(text, '/');
		const char *bare = slash ? arena_copy(b->arena, text, (size_t)(slash - text)) : text;
		const struct node *at = n->kind == NODE_LIST && i < n->count ? n->items[i] : n;
		if (!net_is_four(bare) && !net_is_six(bare))
			return node_fail(at, ERR_FORMAT, b->e, "%s: '%.60s' is not an address", what, text);
		/* As cloud-init lets it pass. */
		if (slash)
			note_add(b->notes, NOTE_WARNING, ERR_FORMAT, at, "%s: '%.60s' is no server's address", what, text);
	}
	return r;
}

void net_words_add(struct arena *a, struct net_words *w, const char *word)
{
	w->at = arena_grow(a, w->at, w->count, sizeof *w->at);
	w->at[w->count++] = word;
}

bool net_words_have(const struct net_words *w, const char *word)
{
	for (size_t i = 0; i < w->count; i++)
		if (strcmp(w->at[i], word) == 0)
			return true;
	return false;
}

int net_take_words(struct net_build *b, const struct node *n, const char *what, struct net_words *ret)
{
	const char *text = NULL;
	int r = 0;

	if (!said(n))
		return 0;
	if (n->kind == NODE_LIST) {
		if (n->count > NETCONF_WORDS_MAX)
			return node_fail(n, ERR_LIMIT, b->e, "%s: more than %d words", what, NETCONF_WORDS_MAX);
		for (size_t i = 0; i < n->count; i++) {
			if ((r = net_take_text(b, n->items[i], what, &text)))
				return r;
			if (!text || !*text || strpbrk(text, " ;,"))
				return node_fail(n->items[i], ERR_FORMAT, b->e, "%s: '%.60s' is no word", what, text ? text : "");
			net_words_add(b->arena, ret, text);
			text = NULL;
		}
		return 0;
	}
	if ((r = net_take_text(b, n, what, &text)))
		return r;
	if (strpbrk(text, ";,"))
		return node_fail(n, ERR_FORMAT, b->e, "%s: '%.60s' is no list of words", what, text);
	for (size_t len; text += strspn(text, " "), (len = strcspn(text, " ")); text += len)
		net_words_add(b->arena, ret, arena_copy(b->arena, text, len));
	return 0;
}

int net_take_address(struct net_build *b, const struct node *n, const char *what, const char **ret)
{
	const char *text = NULL;
	int r = net_take_text(b, n, what, &text);

	if (r || !text || !*text)
		return r;
	if (!net_is_four(text) && !net_is_six(text))
		return node_fail(n, ERR_FORMAT, b->e, "%s '%.60s' is not an address", what, text);
	*ret = text;
	return 0;
}

void net_unknown(struct net_build *b, const struct node *map, const char *const *words, const char *of)
{
	for (size_t i = 0; map && map->kind == NODE_MAP && i < map->count; i++) {
		const struct node *key = map->members[i].key;
		const char *text = node_str(key);
		size_t k = 0;
		while (text && words[k] && strcmp(words[k], text) != 0)
			k++;
		if (text && words[k])
			continue;
		char shown[64] = "";
		snprintf(shown, sizeof shown, "%s", text ? text : node_kind_name(key->kind));
		text_printable(shown);
		struct err *e = note_add(b->notes, NOTE_WARNING, ERR_FORMAT, key, "unknown key '%s' of %s", shown, of);
		if (text)
			err_suggest(e, shown, words, NULL);
		if (b->c && b->c->unknown->count < NOTES_MAX)
			node_add(b->arena, b->c->unknown, map->members[i].key);
	}
}

struct node *net_word(struct net_build *b, const char *text, const struct node *at)
{
	return node_text(b->arena, text, at ? at->place : (struct place){ 0 });
}
