/* merge.c - stream text of one cell and one name that comes in many pieces */
#include "kernel/keeper/merge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define MERGE_MAX (256 * 1024)

struct merge {
    merge_f call;
    void *arg;
    uint64_t cell;
    char name[16];
    struct buf text;
};

struct merge *merge_create(merge_f call, void *arg)
{
    struct merge *merge = xcalloc(1, sizeof(*merge));

    merge->call = call;
    merge->arg = arg;
    return merge;
}

void merge_destroy(struct merge *merge)
{
    if (!merge)
        return;
    buf_clear(&merge->text);
    free(merge);
}

void merge_add(struct merge *merge, uint64_t cell, const char *name, const char *text,
               size_t size)
{
    if (merge->cell != cell || strcmp(merge->name, name) != 0)
        merge_flush(merge);
    merge->cell = cell;
    snprintf(merge->name, sizeof(merge->name), "%s", name);
    if (size >= MERGE_MAX) { /* large already: spare the copy */
        merge_flush(merge);
        merge->call(cell, merge->name, text, size, merge->arg);
        return;
    }
    buf_add(&merge->text, text, size);
    if (merge->text.size >= MERGE_MAX)
        merge_flush(merge);
}

void merge_flush(struct merge *merge)
{
    if (merge->text.size == 0)
        return;
    merge->call(merge->cell, merge->name, merge->text.data, merge->text.size,
                merge->arg);
    buf_reset(&merge->text);
    if (merge->text.capacity > MERGE_MAX / 4)
        buf_clear(&merge->text);
}
