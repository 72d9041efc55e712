/* test_screen.c - one line as a terminal shows it */
#include "kernel/front/gather/screen.h"

#include "kernel/base/mem.h"
#include "tests/unit/tap.h"

static void check(const char *text, const char *seen, const char *what)
{
    static const struct color plain = { 0 };
    struct screen whole = { 0 }, parts = { 0 };
    struct buf out = { 0 }, other = { 0 };

    screen_write(&whole, &plain, text, strlen(text));
    screen_add(&whole, &out);
    is_str(buf_text(&out), seen, what);
    for (; *text && *text != '\x1b' && !(*text & 0x80); text++)
        screen_write(&parts, &plain, text, 1);
    screen_write(&parts, &plain, text, strlen(text));
    screen_add(&parts, &other);
    is_str(buf_text(&other), seen, "in pieces as well");
    screen_clear(&whole);
    screen_clear(&parts);
    buf_clear(&out);
    buf_clear(&other);
}

static void test_long(void)
{
    static const struct color plain = { 0 };
    struct screen screen = { 0 };
    struct buf out = { 0 };

    for (int i = 0; i < 3 * SCREEN_MAX; i++)
        screen_write(&screen, &plain, "x", 1);
    screen_write(&screen, &plain, "\ry", 2);
    screen_add(&screen, &out);
    is_int((long long)out.size, SCREEN_MAX, "a line is as wide as anybody can see");
    is_int(*out.data, 'y', "and is rewritten from its beginning");
    screen_clear(&screen);
    buf_clear(&out);
}

/* What nobody sees is passed over, but for what leads back. */
static void test_hidden(void)
{
    static const struct color plain = { 0 };
    struct screen screen = { 0 };
    struct buf text = { 0 }, out = { 0 };

    for (int i = 0; i < 3; i++) {
        for (int n = 0; n < 2 * SCREEN_MAX; n++)
            buf_add_text(&text, "x");
        buf_add_text(&text, i == 1 ? "\ry\x1b[31m" : "\x1b");
    }
    buf_add_text(&text, "x\rz");
    screen_write(&screen, &plain, text.data, text.size);
    screen_add(&screen, &out);
    ok(!strncmp(buf_text(&out), "\x1b[0;31mzx", 9),
       "a long line in one piece keeps its colours and its returns");
    is_int((long long)screen.width, SCREEN_MAX, "and its width");
    screen_clear(&screen);
    buf_clear(&text);
    buf_clear(&out);
}

int main(void)
{
    check("", "", "nothing shows nothing");
    check("abc", "abc", "text is as it is");
    check("\rlo", "lo", "a '\\r' alone changes nothing");
    check("10%\r20%\r", "20%", "what came last is seen");
    check("loading\rab", "abading", "what is not reached stays");
    check("loading\r       \r", "", "blanks take all away");
    check("é漢字\rab", "ab字", "a character is one column");
    check("\xff\xfe\rx", "x\xfe", "a byte that is none is one as well");
    check("a\x1b[31mbc\x1b[0m\rx", "x\x1b[0;31mbc\x1b[0m",
          "colours stay with the text");
    check("loading\rab\x1b[K", "ab", "the rest of a line is erased");
    check("loading\x1b[2K\rab", "ab", "or all of it");
    check("loading\x1b[2Kab", "       ab", "where the text goes on stays");
    check("a\x1b[5Cb", "ab", "other sequences are not seen");
    check("a\x1b[12", "a\x1b[12", "one without an end is text");
    test_long();
    test_hidden();
    return done_testing();
}
