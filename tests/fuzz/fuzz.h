/* fuzz.h - one fuzz target: a parser, given any bytes.
 *
 * Each fuzz_NAME.c defines these two; driver.c or libFuzzer calls them.  A target aborts where a parser's promise is broken. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

#define PROMISE(held) do { if (!(held)) abort(); } while (0)
