/* test_repair.c - what Jansson refuses is made into what it reads */
#include "kernel/jupyter/repair.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

static void test_repairs(void)
{
    static const struct {
        const char *text;
        const char *want;
        const char *what;
    } cases[] = {
        { "{\"a\":[1,-2.5e3,null]}", "{\"a\":[1,-2.5e3,null]}", "good JSON stays" },
        { "[9223372036854775807]", "[9223372036854775807]", "64 bits stay" },
        { "[9223372036854775808]", "[9223372036854775808.0]", "more become a real" },
        { "[-99999999999999999999]", "[-99999999999999999999.0]", "below zero too" },
        { "[1e400,-1e400]", "[null,null]", "beyond a double" },
        { "[NaN,Infinity,-Infinity]", "[null,null,null]", "what is no number" },
        { "[\"NaN 1e400 \\\"9223372036854775808\"]",
          "[\"NaN 1e400 \\\"9223372036854775808\"]", "strings are left alone" },
        { "[\"\\ud83d\\ude00\"]", "[\"\\ud83d\\ude00\"]", "a pair stays" },
        { "[\"\\ud83d\"]", "[\"\\ufffd\"]", "a lone high surrogate" },
        { "[\"\\ude00x\"]", "[\"\\ufffdx\"]", "a lone low surrogate" },
        { "[\"\\ud83d\\u0041\"]", "[\"\\ufffd\\u0041\"]", "one before a letter" },
        { "[\"\\\\ud83d\"]", "[\"\\\\ud83d\"]", "no escape at all" },
        { "[\"\xff\"]", "[\"\xef\xbf\xbd\"]", "bytes that are no UTF-8" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size;
        char *text = repair_json(cases[i].text, strlen(cases[i].text), &size);
        json_t *root = json_loadb(text, size, 0, NULL);

        is_str(text, cases[i].want, cases[i].what);
        ok(root, "which is read");
        json_decref(root);
        free(text);
    }
}

static void test_junk(void)
{
    static const char *const cases[] = {
        "",  "\"",   "\"\\", "\"\\u",   "\"\\ud8", "\"\\ud83d", "\"\\ud83d\\",
        "-", "1-2e", "N",    "Infinit", "{\"a\":",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        size_t size = 0;
        char *text = repair_json(cases[i], strlen(cases[i]), &size);

        ok(text && !json_loadb(text, size, 0, NULL), "junk stays junk: %s", cases[i]);
        free(text);
    }
}

int main(void)
{
    test_repairs();
    test_junk();
    return done_testing();
}
