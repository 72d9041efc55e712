/* test_tail.c - the last bytes of what a program wrote */
#include "launcher/tail.h"

#include "tests/unit/tap.h"

static struct tail tail;
static char text[TAIL_MAX + 1];

static void add(const char *line)
{
    tail_add(&tail, line, strlen(line));
}

int main(void)
{
    char large[3 * TAIL_MAX];

    tail_text(&tail, text, sizeof(text));
    is_str(text, "", "an empty tail is an empty text");
    add("one\n");
    add("two\n\n");
    tail_text(&tail, text, sizeof(text));
    is_str(text, "one\ntwo", "what fits is whole, but for the end's white space");
    tail_text(&tail, text, 6);
    is_str(text, "two", "a short text keeps whole last lines");
    tail_add(&tail, "x\0y", 3);
    tail_text(&tail, text, sizeof(text));
    is_str(text, "one\ntwo\n\nxy", "NULs are left out");

    memset(large, 'a', sizeof(large));
    tail_add(&tail, large, sizeof(large));
    is_int((long long)tail.size, TAIL_MAX, "the tail does not grow");
    tail_text(&tail, text, sizeof(text));
    is_int((long long)strlen(text), TAIL_MAX, "one long line is kept as it is");
    add("\nlast\n");
    tail_text(&tail, text, sizeof(text));
    is_str(text, "last", "a cut line is left out when a whole one follows");

    tail.size = 0;
    for (int i = 0; i < 10000; i++) {
        char line[16];

        snprintf(line, sizeof(line), "%d\n", i);
        add(line);
    }
    tail_text(&tail, text, sizeof(text));
    ok(strlen(text) > TAIL_MAX - 16 && !strcmp(text + strlen(text) - 4, "9999"),
       "many lines leave the last ones");
    ok(text[0] >= '1' && text[4] == '\n', "beginning with a whole one");
    return done_testing();
}
