/* test_output.c - what a process writes to its descriptors 1 and 2 */
#include "kernel/keeper/output.h"
#include "tests/unit/tap.h"

#include <unistd.h>

#include "kernel/base/buf.h"

static struct loop *loop;
static struct buf got;

static void note(const char *name, const char *text, size_t size, void *arg)
{
    buf_add_format(&got, "%s:", name);
    buf_add(&got, text, size);
    buf_add_text(&got, ";");
    loop_stop(loop);
}

static void test_partial(void)
{
    is_int(output_partial("abc", 3), 0, "plain text is whole");
    is_int(output_partial("", 0), 0, "and so is none");
    is_int(output_partial("a\xc3\xa4", 3), 0, "a character of two bytes is whole");
    is_int(output_partial("a\xc3", 2), 1, "its first byte is not");
    is_int(output_partial("\xe2\x82", 2), 2, "two bytes of three");
    is_int(output_partial("\xf0\x9d\x84", 3), 3, "three bytes of four");
    is_int(output_partial("\xf0\x9d\x84\x9e", 4), 0, "four bytes of four");
    is_int(output_partial("\x80\x80\x80\x80", 4), 0, "bytes that are no text pass");
    is_int(output_partial("\xff", 1), 0, "a byte that begins nothing passes");
}

static void test_pipes(void)
{
    struct error err = { "" };
    struct output *output;
    int out, more;

    loop = loop_create();
    ok((output = output_create(loop, note, NULL, &err)) != NULL, "the pipes are made");
    out = dup(output_child_fd(output, 0));
    more = dup(output_child_fd(output, 1));
    output_close_child(output);
    ok(write(out, "x\xc3", 2) == 2, "half a character is written");
    loop_run(loop);
    is_str(buf_text(&got), "stdout:x;", "its beginning waits for the rest");
    buf_reset(&got);
    ok(write(out, "\xa4", 1) == 1 && write(more, "e", 1) == 1, "the rest is written");
    output_drain(output);
    is_str(buf_text(&got), "stdout:\xc3\xa4;stderr:e;", "the character is whole");
    buf_reset(&got);
    ok(write(out, "\xc3", 1) == 1, "a last half is written");
    output_drain(output);
    is_str(buf_text(&got), "stdout:\xc3;", "at the end of a cell nothing is kept back");
    buf_reset(&got);
    close(out);
    close(more);
    output_drain(output);
    is_str(buf_text(&got), "", "a closed pipe is no text");
    output_destroy(output);
    output_destroy(NULL);
    loop_destroy(loop);
    buf_clear(&got);
}

int main(void)
{
    test_partial();
    test_pipes();
    return done_testing();
}
