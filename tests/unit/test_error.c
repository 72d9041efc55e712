/* test_error.c - why something failed */
#include "kernel/base/error.h"

#include "tests/unit/tap.h"

static void check_texts(void)
{
    struct error err = { "before" };

    ok(error_set(NULL, "unheard") == -1, "a NULL error is allowed");
    ok(error_prefix(NULL, "unheard") == -1, "a NULL error can be prefixed");
    is_int(error_set(&err, "no key in %s", "file"), -1, "error_set returns -1");
    is_str(err.text, "no key in file", "the text is formatted");
    is_int(error_prefix(&err, "open %d", 7), -1, "error_prefix returns -1");
    is_str(err.text, "open 7: no key in file", "error_prefix puts the context first");
    error_set(&err, "again: %s", err.text);
    is_str(err.text, "again: open 7: no key in file",
           "the old text can be an argument");
}

static void check_truncation(void)
{
    static const char *const chars[] = { "\xc3\xa4", "\xe2\x82\xac",
                                         "\xf0\x9f\x98\x80" };
    struct error err;
    char text[2048], padded[2048];
    size_t size, left;

    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    error_set(&err, "%s", text);
    is_int((long long)strlen(err.text), sizeof(err.text) - 1, "a long text is cut");
    error_prefix(&err, "context");
    ok(!strncmp(err.text, "context: xxx", 12), "a prefix is not what is cut");

    for (size_t i = 0; i < sizeof(chars) / sizeof(chars[0]); i++) {
        size = strlen(chars[i]);
        for (left = 1; left <= size; left++) {
            snprintf(padded, sizeof(padded), "%.*s%sxxxx",
                     (int)(sizeof(err.text) - 1 - left), text, chars[i]);
            error_set(&err, "%s", padded);
            is_int((long long)strlen(err.text),
                   (long long)(sizeof(err.text) - 1 - (left < size ? left : 0)),
                   "a text is cut between characters");
        }
    }
    memset(text, 0x80, sizeof(text) - 1);
    error_set(&err, "%s", text);
    ok(strlen(err.text) < sizeof(err.text), "bytes that are no UTF-8 are cut as well");
}

int main(void)
{
    check_texts();
    check_truncation();
    return done_testing();
}
