/* OpenStack's network_data.json, likewise. */
#include "tests/fuzz/networks.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	check_networks(bytes, size, true);
	return 0;
}
