/* late.c - names to the linker what natal-agent loads when needed (common/base/late.h): dpkg-shlibdeps reads this program too.
 * Not installed. */
#include "agent/apply/label_functions.h"
#include "agent/block_functions.h"
#include "agent/module/crypt_functions.h"
#include "agent/source/find_functions.h"
#include "common/crypto/p256_functions.h"
#include "common/data/yaml_functions.h"
#include "common/userdata/unpack_functions.h"

#define ADDRESS(function) (void (*)(void))function,
static void (*const all[])(void) = { UDEV_FUNCTIONS(ADDRESS) BLKID_FUNCTIONS(ADDRESS) P256_FUNCTIONS(ADDRESS) CRYPT_FUNCTIONS(ADDRESS) BLOCK_FUNCTIONS(ADDRESS) LABEL_FUNCTIONS(ADDRESS) YAML_FUNCTIONS(ADDRESS)
	ZLIB_FUNCTIONS(ADDRESS) ZSTD_FUNCTIONS(ADDRESS) };

int main(int argc, char **argv) { return all[argc % (int)(sizeof all / sizeof all[0])] == NULL; }
