/* address.c - see address.h */
#include "controller/service/address.h"

#include <string.h>
#include "common/base/text.h"
#include "controller/service/shape.h"

static int read_cidr(const char *text, struct address *ret, struct err *e)
{
	const char *slash = strchr(text, '/');
	unsigned bits = 0;

	if (!slash || (size_t)(slash - text) >= sizeof ret->ip || strlen(text) >= sizeof ret->cidr)
		return shape_bad(e, "address", text, "'dhcp' or ADDRESS/PREFIX such as 192.0.2.7/24");
	memcpy(ret->ip, text, (size_t)(slash - text));
	ret->ip[slash - text] = 0;
	for (const char *p = slash + 1; *p; p++)
		bits = strchr(shape_digits, *p) && bits < 1000 ? 10 * bits + (unsigned)(*p - '0') : 1000;
	if (!slash[1] || !shape_ip(ret->ip) || bits > (strchr(ret->ip, ':') ? 128U : 32U))
		return shape_bad(e, "address", text, "'dhcp' or ADDRESS/PREFIX such as 192.0.2.7/24");
	memcpy(ret->cidr, text, strlen(text) + 1);
	return 0;
}

int address_read(const char *text, struct address *ret, struct err *e)
{
	char copy[400], *rest = copy;

	*ret = (struct address){ 0 };
	int r = text_copy(copy, sizeof copy, text ? text : "", "an address", e);
	if (r)
		return r;
	const char *first = strsep(&rest, ",");
	if (!(ret->dhcp = strcmp(first, "dhcp") == 0) && (r = read_cidr(first, ret, e)))
		return r;
	for (char *part; (part = strsep(&rest, ","));) {
		const char *ip = strchr(part, '=');
		if (!ip || !shape_ip(++ip))
			return shape_bad(e, "address option", part, "gw=ADDRESS or dns=ADDRESS");
		if (text_starts(part, "gw=") && !ret->dhcp)
			r = text_copy(ret->gateway, sizeof ret->gateway, ip, "a gateway", e);
		else if (text_starts(part, "dns=") && ret->dns_count < ARRAY_SIZE(ret->dns))
			r = text_copy(ret->dns[ret->dns_count++], sizeof ret->dns[0], ip, "a name server", e);
		else
			return shape_bad(e, "address option", part, "gw=ADDRESS (with a static address) or dns=ADDRESS");
		if (r)
			return r;
	}
	return 0;
}
