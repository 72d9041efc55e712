/* test_record.c - what keeper and interpreter say over their socketpair */
#include "kernel/page/record.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "tests/unit/tap.h"

static struct error err;

static const struct record_frame stream[] = { { "stdout", 6 }, { "a\0b\n", 4 } };

static void check_encode(void)
{
    static const char want[] = "RBR1\x21\0\2\0\x07\0\0\0\0\0\0\0"
                               "\x06\0\0\0\0\0\0\0\x04\0\0\0\0\0\0\0stdouta\0b\n";
    struct buf out = { 0 };

    record_encode(&out, RECORD_STREAM, 7, stream, 2);
    ok(out.size == sizeof(want) - 1 && !memcmp(out.data, want, sizeof(want)),
       "a record is these bytes");
    buf_reset(&out);
    record_header_encode(&out, RECORD_STREAM, 7, stream, 2);
    ok(out.size == 32 && !memcmp(out.data, want, 32),
       "its header is the first of them");
    buf_clear(&out);
    is_str(record_type_name(RECORD_HEALED), "HEALED", "a type has a name");
    is_str(record_type_name((enum record_type)9), "?", "no type has none");
}

/* Gives 'text' to a reader, 'step' bytes at a time; counts the records until the
 * end, or until the stream is refused (then -1). */
static int feed(const char *text, size_t size, size_t step)
{
    struct record_reader reader = { 0 };
    struct record *record;
    int count = 0;

    err.text[0] = '\0';
    for (size_t i = 0; i < size && !err.text[0]; i += step) {
        buf_add(&reader.in, text + i, size - i < step ? size - i : step);
        while ((record = record_reader_next(&reader, &err))) {
            count++;
            record_destroy(record);
        }
    }
    record_reader_clear(&reader);
    return err.text[0] ? -1 : count;
}

static void check_pieces(void)
{
    struct buf out = { 0 };
    bool right = true;

    for (int i = 0; i < 5; i++)
        record_encode(&out, RECORD_STREAM, 7, stream, 2);
    record_encode(&out, RECORD_STOP, 0, NULL, 0);
    for (size_t step = 1; step <= out.size; step++)
        right = right && feed(out.data, out.size, step) == 6;
    ok(right, "records come whole, however their bytes arrive");
    is_int(feed(out.data, out.size - 1, out.size), 5,
           "one byte less is one record less");
    buf_clear(&out);
    record_destroy(NULL);
}

static void check_refused(void)
{
    static const struct {
        int offset;
        char byte;
        const char *what;
    } bad[] = {
        { 0, 'X', "wrong magic" },       { 4, 0, "type 0" },
        { 4, 20, "a type in the gap" },  { 5, 1, "a type above 255" },
        { 6, 1, "too few frames" },      { 6, 3, "too many frames" },
        { 7, 127, "very many frames" },  { 23, 127, "an absurd size" },
        { 31, -1, "a size that wraps" }, { 22, 2, "2^49 bytes" },
    };
    struct buf out = { 0 };

    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        buf_reset(&out);
        record_encode(&out, RECORD_STREAM, 7, stream, 2);
        out.data[bad[i].offset] = bad[i].byte;
        ok(feed(out.data, out.size, 1) == -1, "refused: %s", bad[i].what);
    }
    buf_clear(&out);
}

static void check_again(void)
{
    struct record_reader reader = { 0 };

    buf_add_text(&reader.in, "this is no record at all");
    ok(!record_reader_next(&reader, &err) && err.text[0], "junk is refused");
    err.text[0] = '\0';
    ok(!record_reader_next(&reader, &err) && err.text[0], "and stays refused");
    record_reader_clear(&reader);
    ok(!record_reader_next(&reader, &err) && !err.text[0],
       "an empty reader waits for bytes");
}

/* ---- over a socketpair ---- */

static int pair[2];

static struct record *await(struct record_reader *reader, int fd)
{
    struct record *record;

    while (!(record = record_reader_next(reader, &err)))
        if (err.text[0] || record_reader_fill(reader, fd, &err) != 1)
            return NULL;
    return record;
}

static void check_socket(void)
{
    struct record_reader reader = { 0 };
    struct record *record;

    is_int(record_write(pair[0], RECORD_STREAM, 7, stream, 2, &err), 0, "written");
    is_int(record_write(pair[0], RECORD_STOP, 0, NULL, 0, &err), 0, "and once more");
    record = await(&reader, pair[1]);
    ok(record && record->type == RECORD_STREAM && record->cell == 7
           && record->count == 2,
       "read");
    is_str(record->frames[0].data, "stdout", "a frame is followed by a NUL");
    ok(record->frames[1].size == 4 && !memcmp(record->frames[1].data, "a\0b\n", 5),
       "and may hold one");
    record_destroy(record);
    record = await(&reader, pair[1]);
    ok(record && record->type == RECORD_STOP && record->count == 0, "a second record");
    record_destroy(record);
    platform_set_nonblock(pair[1]);
    is_int(record_reader_fill(&reader, pair[1], &err), 1, "nothing to read is no end");
    ok(!record_reader_next(&reader, &err) && !err.text[0], "and no record");
    record_reader_clear(&reader);
}

#define LARGE (20 * 1000 * 1000)

static char *large;

static void *write_large(void *arg)
{
    struct record_frame frames[RECORD_FRAMES_MAX];

    for (int i = 0; i < RECORD_FRAMES_MAX; i++)
        frames[i] = (struct record_frame){ "display", 7 };
    frames[RECORD_FRAMES_MAX - 1] = (struct record_frame){ large, LARGE };
    return (void *)(intptr_t)record_write(pair[0], RECORD_DISPLAY, 1, frames,
                                          RECORD_FRAMES_MAX, NULL);
}

/* More than the socket takes at once, more pieces than one sendmsg() takes, and a
 * descriptor that does not block. */
static void check_large(void)
{
    struct record_reader reader = { 0 };
    const struct record_frame *last;
    struct record *record;
    pthread_t thread;
    void *rc;

    large = xmalloc(LARGE);
    for (int i = 0; i < LARGE; i++)
        large[i] = (char)(i * 7 + i / 1000);
    fcntl(pair[1], F_SETFL, fcntl(pair[1], F_GETFL) & ~O_NONBLOCK);
    platform_set_nonblock(pair[0]);
    pthread_create(&thread, NULL, write_large, NULL);
    record = await(&reader, pair[1]);
    pthread_join(thread, &rc);
    is_int((intptr_t)rc, 0, "20 MB in 1024 frames are written");
    ok(record && record->count == RECORD_FRAMES_MAX, "and read");
    last = record ? &record->frames[RECORD_FRAMES_MAX - 1] : NULL;
    ok(last && last->size == LARGE && !memcmp(last->data, large, LARGE), "unchanged");
    record_destroy(record);
    record_write(pair[0], RECORD_STOP, 0, NULL, 0, &err);
    record = await(&reader, pair[1]);
    ok(record && reader.in.capacity < LARGE, "the memory is given back");
    record_destroy(record);
    record_reader_clear(&reader);
    free(large);
}

static void check_ends(void)
{
    struct record_reader reader = { 0 };

    record_write(pair[0], RECORD_STOP, 0, NULL, 0, &err);
    close(pair[0]);
    is_int(record_reader_fill(&reader, pair[1], &err), 1, "the last bytes are read");
    is_int(record_reader_fill(&reader, pair[1], &err), 0, "then comes the end of file");
    is_int(record_write(pair[1], RECORD_STOP, 0, NULL, 0, &err), -1,
           "nobody to read is an error");
    is_str(err.text, "write STOP: Broken pipe", "that says so, and no signal");
    close(pair[1]);
    is_int(record_reader_fill(&reader, pair[1], &err), -1,
           "a closed descriptor is an error");
    record_reader_clear(&reader);

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return;
    record_write(pair[1], RECORD_STOP, 0, NULL, 0, &err);
    close(pair[0]);
    is_int(record_reader_fill(&reader, pair[1], &err), 0,
           "an end that was killed with records unread is an end of file");
    record_reader_clear(&reader);
    close(pair[1]);
}

int main(void)
{
    check_encode();
    check_pieces();
    check_refused();
    check_again();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
        return 1;
    check_socket();
    check_large();
    check_ends();
    return done_testing();
}
