/* test_text.c - bytes become JSON strings as Jansson would write them */
#include "kernel/jupyter/text.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/jupyter/message.h"
#include "tests/unit/tap.h"

#define ROUNDS 2000
#define SIZE_MAX_BYTES 64

static struct buf out;

static const char *json(const char *text, size_t size)
{
    buf_reset(&out);
    text_add_json(&out, text, size);
    return buf_text(&out);
}

static void test_cases(void)
{
    is_str(json("", 0), "\"\"", "nothing");
    is_str(json(NULL, 0), "\"\"", "NULL is nothing");
    is_str(json("a\"b\\c/\n\r\t\b\f\x1f\x7f", 13),
           "\"a\\\"b\\\\c/\\n\\r\\t\\b\\f\\u001f\x7f\"", "escapes");
    is_str(json("\0", 1), "\"\\u0000\"", "a NUL");
    is_str(json("\xc3\xa9\xf0\x9f\x98\x80", 6), "\"\xc3\xa9\xf0\x9f\x98\x80\"",
           "UTF-8");
    is_str(json("a\xff\xed\xa0\x80z", 6), "\"a\xef\xbf\xbd\xef\xbf\xbdz\"",
           "a byte that is none, a lone surrogate");
}

/* Half of the bytes are letters, so that there is something to be broken. */
static void fill(char *text, size_t size)
{
    static const char parts[] = "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\xed\xa0\x80\n\"";

    for (size_t i = 0; i < size; i++) {
        int kind = rand() % 4;

        text[i] = (char)(kind < 2    ? 'a' + rand() % 26
                         : kind == 2 ? parts[(size_t)rand() % (sizeof(parts) - 1)]
                                     : rand() % 256);
    }
}

static void test_as_jansson(void)
{
    char text[SIZE_MAX_BYTES];
    int different = 0;

    srand(1);
    for (int i = 0; i < ROUNDS; i++) {
        size_t size = (size_t)rand() % sizeof(text);
        json_t *value;
        char *want;

        fill(text, size);
        value = message_text(text, size);
        want = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
        different += strcasecmp(want, json(text, size)) != 0;
        free(want);
        json_decref(value);
    }
    is_int(different, 0, "random bytes become what Jansson makes of them");
}

/* Eight bytes are looked at together: each byte, in each place. */
static void test_places(void)
{
    char text[20];
    int different = 0;

    for (size_t at = 0; at < sizeof(text); at++) {
        for (int byte = 0; byte < 256; byte++) {
            json_t *value;
            char *want;

            memset(text, '!', sizeof(text));
            text[at] = (char)byte;
            value = message_text(text, sizeof(text));
            want = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
            different += strcasecmp(want, json(text, sizeof(text))) != 0;
            free(want);
            json_decref(value);
        }
    }
    is_int(different, 0, "a byte of any kind is seen wherever it stands");
}

int main(void)
{
    test_cases();
    test_places();
    test_as_jansson();
    buf_clear(&out);
    return done_testing();
}
