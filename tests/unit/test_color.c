/* test_color.c - the colour that a terminal goes on writing in */
#include "kernel/front/gather/color.h"
#include "tests/unit/tap.h"

/* The sequence that leads from no colour to the one after 'text'. */
static const char *after(const char *text)
{
    static struct buf out;
    static const struct color plain = { 0 };
    struct color_reader whole = { 0 }, pieces = { 0 };

    color_read(&whole, text, strlen(text));
    for (const char *at = text; *at; at++)
        color_read(&pieces, at, 1);
    buf_reset(&out);
    if (!color_is_equal(&whole.color, &pieces.color))
        return "not the same in pieces";
    color_change(&out, &plain, &whole.color);
    return buf_text(&out);
}

static void test_sequences(void)
{
    is_str(after("plain"), "", "text has none");
    is_str(after("a\x1b[31mb"), "\x1b[0;31m", "a colour stays");
    is_str(after("\x1b[31m\x1b[0m"), "", "until it is reset");
    is_str(after("\x1b[31m\x1b[m"), "", "no code is 0");
    is_str(after("\x1b[1;4;31;42m"), "\x1b[0;1;4;31;42m", "several at once");
    is_str(after("\x1b[1;4m\x1b[22m"), "\x1b[0;4m", "one of them ends");
    is_str(after("\x1b[31;45m\x1b[39m"), "\x1b[0;45m", "the default is none");
    is_str(after("\x1b[38;5;9m"), "\x1b[0;38;5;9m", "one of 256");
    is_str(after("\x1b[48;2;1;2;255;1m"), "\x1b[0;1;48;2;1;2;255m", "one of all");
    is_str(after("\x1b[91m\x1b[3"), "\x1b[0;91m", "half a sequence is none");
    is_str(after("\x1b[31\x1b[32m"), "\x1b[0;32m", "and none when another begins");
    is_str(after("\x1b[2K\x1b[1A\x1b]8;;x\x07"), "", "others pass");
    is_str(after("\x1b[38;7m\x1b[38m\x1b[99999999m"), "", "and so does nonsense");
}

static void test_parts(void)
{
    is_int(color_sequence("\x1b[31mx", 6), 5, "a sequence has a size");
    is_int(color_sequence("x\x1b[31m", 6), 0, "it begins the text");
    is_int(color_sequence("\x1b[31", 4), 0, "it is whole");
    is_int(color_partial("ab\x1b[3", 5), 3, "half of one at the end");
    is_int(color_partial("ab\x1b[3m", 6), 0, "not a whole one");
    is_int(color_partial("12;3", 4), 0, "nor numbers alone");
}

int main(void)
{
    test_sequences();
    test_parts();
    return done_testing();
}
