/* test_buf.c - bytes that grow */
#include "kernel/base/buf.h"

#include <stdlib.h>

#include "tests/unit/tap.h"

static void check_empty(void)
{
    struct buf buf = { 0 };
    char *text;

    is_str(buf_text(&buf), "", "an empty buf is the empty text");
    buf_add(&buf, NULL, 0);
    ok(!buf.data && !buf.size, "adding nothing allocates nothing");
    buf_remove(&buf, 0);
    buf_reset(&buf);
    buf_clear(&buf);
    ok(!buf.data, "an empty buf can be removed from, reset and cleared");
    text = buf_take(&buf);
    is_str(text, "", "an empty buf gives an empty text away");
    free(text);
    buf_add_format(&buf, "%s", "");
    is_str(buf.data, "", "an empty format is terminated");
    buf_clear(&buf);
}

static void check_growth(void)
{
    struct buf buf = { 0 };
    bool same = true;
    char *text;
    int i;

    for (i = 0; i < 10000; i++)
        buf_add(&buf, &"0123456789"[i % 10], 1);
    is_int((long long)buf.size, 10000, "bytes are counted");
    for (i = 0; i < 10000; i++)
        same = same && buf.data[i] == '0' + i % 10;
    ok(same, "bytes are kept while it grows");
    ok(buf.data[buf.size] == '\0', "a NUL follows");
    buf_remove(&buf, 9995);
    is_str(buf_text(&buf), "56789", "removed from the front");
    buf_add_text(&buf, " and ");
    buf_add_format(&buf, "%d of %s", 3, "4");
    is_str(buf_text(&buf), "56789 and 3 of 4", "texts and formats are added");
    text = buf_take(&buf);
    is_str(text, "56789 and 3 of 4", "the bytes are given away");
    ok(!buf.data && !buf.size && !buf.capacity, "and the buf is empty");
    free(text);
}

static void check_reserve(void)
{
    struct buf buf = { 0 };
    char *room;

    buf_add_text(&buf, "ab");
    room = buf_reserve(&buf, 5000);
    memset(room, 'x', 5000);
    is_int((long long)buf.size, 2, "reserved bytes are not counted");
    buf.size += 3;
    is_str(buf_text(&buf), "abxxx", "those that the caller counts are text");
    buf_add(&buf, "\0z", 2);
    ok(buf.size == 7 && !memcmp(buf.data, "abxxx\0z", 8), "a NUL is a byte");
    buf_reset(&buf);
    ok(!buf.size && buf.capacity >= 5000, "reset keeps the memory");
    is_str(buf_text(&buf), "", "and forgets the bytes");
    buf_clear(&buf);
    ok(!buf.data, "clear frees them");
}

int main(void)
{
    check_empty();
    check_growth();
    check_reserve();
    return done_testing();
}
