/* recommended.c - as late.c, of what natal-agent needs only where an image's policy lets something be fetched: dpkg-shlibdeps makes the
 * package's Recommends of it. Not installed. */
#include "agent/curl_functions.h"

#define ADDRESS(function) (void (*)(void))function,
static void (*const all[])(void) = { CURL_FUNCTIONS(ADDRESS) };

int main(int argc, char **argv) { return all[argc % (int)(sizeof all / sizeof all[0])] == NULL; }
