/* text.h - hexadecimal, base64, copying into fixed fields, nearest words. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "common/base/buf.h"

/* Lower-case hex of n bytes and a NUL into out[2n+1]. */
void hex_encode(const void *bytes, size_t n, char *out);
/* Exactly 2n lower-case hex digits and nothing else; false otherwise. */
bool hex_decode(const char *hex, void *out, size_t n);

/* Standard alphabet with padding (RFC 4648 §4), no line breaks. */
void base64_encode(struct buf *out, const void *bytes, size_t n);
/* The whole of text; ERR_FORMAT names `what`. */
int base64_decode(const char *text, size_t n, const char *what, struct buf *out, struct err *e);
/* As Python's base64.decodebytes: ASCII outside the alphabet is passed over, what follows the padding too; the last group must be whole. */
int base64_decode_loose(const char *text, size_t n, const char *what, struct buf *out, struct err *e);

/* Copies s and its NUL into out[size]; ERR_LIMIT names `what` where it does not fit. */
int text_copy(char *out, size_t size, const char *s, const char *what, struct err *e);

/* Decimal digits and nothing else, at most 18 of them; false otherwise. */
bool text_number(const char *s, uint64_t *ret);

/* Puts '?' in the place of control characters (C0, DEL, C1, and those that turn the direction of text) and of what is no UTF-8:
 * for a terminal, a log line, a frame. */
void text_printable(char *text);
/* The same, but lines stay lines: newline and tab are kept. */
void text_printable_lines(char *text);

/* 'A word' for sh(1), whatever is in it. */
void text_shell_quote(struct buf *out, const char *word);

/* FNV-1a of 64 bits (draft-eastlake-fnv): for tables of names that are ours, not against who chooses them. */
uint64_t text_hash(const char *s);

bool text_starts(const char *s, const char *prefix);

/* The word of `words` (NULL-terminated) nearest to `given` within a third of its length, or NULL:
 * the material of "did you mean …?". */
const char *text_nearest(const char *given, const char *const *words);
/* Sets e's hint to "did you mean '…'?" where there is a near word, else to `otherwise` (may be NULL). */
void err_suggest(struct err *e, const char *given, const char *const *words, const char *otherwise);
/* The near word, else the words themselves, as many as a hint holds. */
void err_suggest_all(struct err *e, const char *given, const char *const *words);
