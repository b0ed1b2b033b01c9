/* sshline.h - one line of an authorized_keys file: sshd(8), "AUTHORIZED_KEYS FILE FORMAT"; and the file as a whole. */
#pragma once
#include <stdbool.h>
#include "common/base/arena.h"

/* Texts of the arena. type NULL: the line is no key (a comment, empty, something else) and stays as it is. */
struct sshline { const char *type, *blob, *comment, *options, *line; };

/* options (NULL: none) are those of a line without; where they are not empty, they stand in the place of those that a line has. */
struct sshline sshline_parse(struct arena *a, const char *line, const char *options);
/* The file with these lines: a key that is there already takes the new line in its place, others are added; what is no key is not. */
const char *sshline_update(struct arena *a, const char *text, const struct sshline *lines, size_t n);
