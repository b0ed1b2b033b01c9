/* guestd.c - names to the linker what natal-guestd loads when it speaks over the network (common/base/late.h): dpkg-shlibdeps reads this program too.
 * Not installed. */
#include "common/http/tls_functions.h"

#define ADDRESS(function) (void (*)(void))function,
static void (*const all[])(void) = { TLS_FUNCTIONS(ADDRESS) X509_FUNCTIONS(ADDRESS) CRYPTO_FUNCTIONS(ADDRESS) };

int main(int argc, char **argv) { return all[argc % (int)(sizeof all / sizeof all[0])] == NULL; }
