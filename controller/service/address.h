/* address.h - one --address: "dhcp", or a static one with what belongs to it. Made by address_read() alone. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "common/base/err.h"

struct address { bool dhcp; char cidr[64], ip[48], gateway[48], dns[4][48]; size_t dns_count; };

/* "dhcp" or "CIDR", then ",gw=IP" and ",dns=IP". format. */
int address_read(const char *text, struct address *ret, struct err *e);
