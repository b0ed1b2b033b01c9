/* Network configuration of version 1 and 2, read and written down by every renderer. */
#include "tests/fuzz/networks.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	check_networks(bytes, size, false);
	return 0;
}
