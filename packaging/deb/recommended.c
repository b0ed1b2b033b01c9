/* recommended.c - as late.c, of what natal-agent needs only where an image's policy lets something be fetched, or its
 * guests ask for their bundle: dpkg-shlibdeps makes the
 * package's Recommends of it. Not installed. */
#include "agent/curl_functions.h"
#include "common/http/tls_functions.h"

#define ADDRESS(function) (void (*)(void))function,
static void (*const all[])(void) = { CURL_FUNCTIONS(ADDRESS) TLS_FUNCTIONS(ADDRESS) X509_FUNCTIONS(ADDRESS) CRYPTO_FUNCTIONS(ADDRESS) };

int main(int argc, char **argv) { return all[argc % (int)(sizeof all / sizeof all[0])] == NULL; }
