/* ticket.h - which of two ticket keys a client's hello was sealed with.
 *
 * A GnuTLS session takes one key, and natald has two: while the newest is young, clients come with tickets of the one before. A ticket begins with
 * the name of its key, which GnuTLS (3.6.4 and later, lib/stek.c) derives from the key and the time: SHA3-512 over the number of the period,
 * 64 bits big endian, and the key; the first 16 bytes. Another GnuTLS may do it otherwise: then old tickets are not known, and those clients
 * make a whole handshake.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* hello: the body of a ClientHello (RFC 8446 4.1.2), from anybody. key: TICKET_KEY_SIZE bytes. */
bool ticket_is_of(const void *hello, size_t size, const uint8_t *key, int64_t now_unix_s);
