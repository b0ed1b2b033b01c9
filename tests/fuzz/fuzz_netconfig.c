/* network-config behind its signature. */
#include "tests/fuzz/planned.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) { return fuzz_plan("network-config", bytes, size); }
