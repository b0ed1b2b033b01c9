/* driver.c - runs a fuzz target without libFuzzer: each file of its corpus, cut at every byte and with every byte changed.
 *
 * usage: fuzz_NAME [FILE | FOLDER]…; without arguments the folder is $srcdir/tests/fuzz/corpus/NAME. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include "common/base/file.h"
#include "tests/fuzz/fuzz.h"

enum { INPUT_MAX = 4 << 20, DEEP_MAX = 8192 };
static size_t runs;

/* A copy of the exact size, so that a sanitizer sees the first byte read past it. */
static void once(const void *bytes, size_t size)
{
	scoped_free uint8_t *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	if (size)
		memcpy(copy, bytes, size);
	LLVMFuzzerTestOneInput(copy, size);
	runs++;
}

static int run_file(const char *path)
{
	scoped_buf struct buf b = BUF_MAX(INPUT_MAX);
	struct err e;

	if (file_read(AT_FDCWD, path, &b, NULL, &e)) {
		err_print(&e);
		return 1;
	}
	once(b.data, b.size);
	size_t step = b.size / DEEP_MAX + 1;                    /* all of a small input, samples of a large one */
	for (size_t at = 0; at < b.size; at += step) {
		once(b.data, at);
		b.data[at] = (char)~b.data[at];
		once(b.data, b.size);
		b.data[at] = (char)~b.data[at];
	}
	return 0;
}

static int run_folder(const char *path)
{
	char name[4096];
	size_t files = 0;
	DIR *d = opendir(path);

	if (!d)
		return run_file(path);
	for (struct dirent *entry; (entry = readdir(d));) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof name, "%s/%s", path, entry->d_name);
		if (run_file(name)) {
			closedir(d);
			return 1;
		}
		files++;
	}
	closedir(d);
	if (!files)
		fprintf(stderr, "%s: no input\n", path);
	return !files;
}

int main(int argc, char **argv)
{
	char path[4096];
	const char *name = strrchr(argv[0], '/'), *srcdir = getenv("srcdir");

	name = name ? name + 1 : argv[0];
	LLVMFuzzerInitialize(&argc, &argv);
	if (argc > 1) {
		for (int i = 1; i < argc; i++)
			if (run_folder(argv[i]))
				return 1;
	} else {
		snprintf(path, sizeof path, "%s/tests/fuzz/corpus/%s", srcdir ? srcdir : ".",
			strncmp(name, "fuzz_", 5) == 0 ? name + 5 : name);
		if (run_folder(path))
			return 1;
	}
	printf("%zu inputs\n", runs);
	return 0;
}
