/* test_merge.c - stream text that comes in many pieces */
#include "kernel/keeper/merge.h"
#include "tests/unit/tap.h"

#include <stdlib.h>

#include "kernel/base/buf.h"

static void note(uint64_t cell, const char *name, const char *text, size_t size,
                 void *arg)
{
    buf_add_format(arg, "%d:%s:%.*s;", (int)cell, name, size > 20 ? 0 : (int)size,
                   text);
}

int main(void)
{
    struct buf got = { 0 };
    struct merge *merge = merge_create(note, &got);
    char *large = calloc(1, 1 << 20);

    merge_flush(merge);
    is_str(buf_text(&got), "", "nothing is given out when nothing was added");
    merge_add(merge, 1, "stdout", "a", 1);
    merge_add(merge, 1, "stdout", "b\n", 2);
    is_str(buf_text(&got), "", "pieces wait");
    merge_flush(merge);
    is_str(buf_text(&got), "1:stdout:ab\n;", "and are given out together");
    buf_reset(&got);
    merge_add(merge, 1, "stdout", "a", 1);
    merge_add(merge, 1, "stderr", "b", 1);
    merge_add(merge, 2, "stderr", "c", 1);
    is_str(buf_text(&got), "1:stdout:a;1:stderr:b;",
           "another name and another cell end a piece");
    merge_flush(merge);
    buf_reset(&got);
    merge_add(merge, 2, "stderr", "x", 1);
    merge_add(merge, 2, "stderr", large, 1 << 20);
    is_str(buf_text(&got), "2:stderr:x;2:stderr:;",
           "a large piece goes at once, in order");
    merge_flush(merge);
    is_str(buf_text(&got), "2:stderr:x;2:stderr:;", "and leaves nothing behind");
    merge_destroy(merge);
    merge_destroy(NULL);
    buf_clear(&got);
    free(large);
    return done_testing();
}
