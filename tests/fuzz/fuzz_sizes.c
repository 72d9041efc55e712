/* fuzz_sizes.c - the notebooks' numbers of ranks, in a file that anybody may edit */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/order.h"
#include "kernel/base/sizes.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char folder[] = "/tmp/rankbook-fuzz-XXXXXX";
static char below[64], path[80];

static void clean_up(void)
{
    unlink(path);
    rmdir(below);
    rmdir(folder);
}

static void set_up(void)
{
    if (!mkdtemp(folder))
        abort();
    snprintf(below, sizeof(below), "%s/rankbook", folder);
    snprintf(path, sizeof(path), "%s/sizes", below);
    mkdir(below, 0700);
    setenv("XDG_STATE_HOME", folder, 1);
    atexit(clean_up);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    FILE *file;

    if (!*path)
        set_up();
    if (!(file = fopen(path, "w")) || fwrite(data, 1, size, file) != size
        || fclose(file))
        abort();
    if (sizes_recall("/a", NULL) > RANKS_MAX)
        abort();
    /* What we write, we read. */
    if (sizes_remember("/a", 3, NULL) < 0 || sizes_recall("/a", NULL) != 3
        || sizes_recall("/none", NULL) < 0)
        abort();
    return 0;
}
