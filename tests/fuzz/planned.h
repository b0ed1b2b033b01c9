/* planned.h - one blob of a bundle as if it had been verified: what is refused says why, and what is taken can be planned for an empty guest. */
#pragma once
#include "tests/fuzz/fuzz.h"

/* The target of a blob of this name. */
int fuzz_plan(const char *name, const uint8_t *bytes, size_t size);
