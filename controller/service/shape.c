/* shape.c - see shape.h */
#include "controller/service/shape.h"

#include <arpa/inet.h>
#include <string.h>

const char shape_lower[] = "abcdefghijklmnopqrstuvwxyz", shape_digits[] = "0123456789";

bool shape_made_of(const char *s, const char *a, const char *b, const char *more)
{
	for (; *s; s++)
		if (!strchr(a, *s) && !strchr(b, *s) && !strchr(more, *s))
			return false;
	return true;
}

bool shape_label(const char *s)
{
	return *s && *s != '-' && strlen(s) <= 63 && s[strlen(s) - 1] != '-' && shape_made_of(s, shape_lower, shape_digits, "-");
}

bool shape_hostname(const char *s)
{
	if (!shape_made_of(s, shape_lower, shape_digits, "-.") || strlen(s) > 253)
		return false;
	for (;; s++) {          /* RFC 1123 2.1: labels of 1 to 63, no '-' at either end */
		size_t n = strcspn(s, ".");
		if (n == 0 || n > 63 || *s == '-' || s[n - 1] == '-')
			return false;
		s += n;
		if (!*s)
			return true;
	}
}

bool shape_uuid(const char *s)
{
	if (strlen(s) != 36)
		return false;
	for (int i = 0; i < 36; i++)
		if (i == 8 || i == 13 || i == 18 || i == 23 ? s[i] != '-' : !strchr("0123456789abcdef", s[i]))
			return false;
	return true;
}

bool shape_mac(const char *s)
{
	if (strlen(s) != 17)
		return false;
	for (int i = 0; i < 17; i++)
		if (i % 3 == 2 ? s[i] != ':' : !strchr("0123456789abcdef", s[i]))
			return false;
	return !strchr("13579bdf", s[1]);       /* a group address is nobody's */
}

bool shape_ip(const char *s)
{
	uint8_t a[16];
	return inet_pton(AF_INET, s, a) == 1 || inet_pton(AF_INET6, s, a) == 1;
}

bool shape_file_path(const char *p)
{
	if (*p != '/' || !p[1])
		return false;
	for (const char *c = p; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			return false;
	for (const char *part = p + 1;; part++) {
		size_t n = strcspn(part, "/");
		if (n == 0 || (n == 1 && *part == '.') || (n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += n;
		if (!*part)
			return true;
	}
}

int shape_bad(struct err *e, const char *what, const char *value, const char *want)
{
	err_set(e, ERR_FORMAT, "%s '%.100s' is not %s", what, value ? value : "", want);
	return -(int)e->code;
}

size_t list_size(struct json_object *a) { return a ? json_object_array_length(a) : 0; }
const char *list_text(struct json_object *a, size_t i)
{
	struct json_object *o = json_object_array_get_idx(a, i);
	const char *text = json_object_is_type(o, json_type_string) ? json_object_get_string(o) : NULL;

	return text && strlen(text) == (size_t)json_object_get_string_len(o) ? text : NULL;
}
