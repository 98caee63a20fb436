// SPDX-License-Identifier: MIT
/*
 * replay - a main() for fuzzers without a fuzzing engine: runs the files that
 * the command line names, each once.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
run_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = NULL;
    size_t size = 0;
    size_t count = 0;

    if (!file) {
        perror(path);
        return 1;
    }
    do {
        size += count;
        data = realloc(data, size + 65536);
        count = data ? fread(data + size, 1, 65536, file) : 0;
    } while (count > 0);
    fclose(file);
    if (!data)
        return 1;
    LLVMFuzzerTestOneInput(data, size);
    free(data);
    return 0;
}

int
main(int argc, char **argv)
{
    int failures = 0;

    for (int i = 1; i < argc; i++)
        failures += run_file(argv[i]);
    printf("%d inputs\n", argc - 1);
    return failures ? 1 : 0;
}
