/* repair.c - JSON that Jansson refuses and others write */
#include "kernel/jupyter/repair.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/message.h"

#define ESCAPE_SIZE 6 /* of a \u escape */
#define REPLACEMENT "\\ufffd"

/* The UTF-16 unit of the \u escape at 'text', -1 when there is none.  The text ends
 * with a NUL, which is no hexadecimal digit. */
static int unit_at(const char *text)
{
    int value = 0;

    if (text[0] != '\\' || text[1] != 'u')
        return -1;
    for (int i = 2; i < ESCAPE_SIZE; i++) {
        char digit[2] = { text[i], '\0' };

        if (!isxdigit((unsigned char)text[i]))
            return -1;
        value = value * 16 + (int)strtol(digit, NULL, 16);
    }
    return value;
}

static bool is_high(int unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

static bool is_low(int unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

/* One escape, or one pair of them.  Returns how many bytes it was. */
static size_t add_escape(struct buf *out, const char *text, const char *end)
{
    int unit = unit_at(text);
    size_t size = unit >= 0 ? ESCAPE_SIZE : 2;

    if (is_high(unit) && is_low(unit_at(text + ESCAPE_SIZE))) {
        size = 2 * ESCAPE_SIZE;
    } else if (is_high(unit) || is_low(unit)) {
        buf_add_text(out, REPLACEMENT);
        return size;
    }
    if (size > (size_t)(end - text))
        size = (size_t)(end - text);
    buf_add(out, text, size);
    return size;
}

/* A string with its quotes.  Returns how many bytes it was. */
static size_t add_string(struct buf *out, const char *text, const char *end)
{
    const char *at = text + 1;

    buf_add(out, "\"", 1);
    while (at < end && *at != '"') {
        const char *from = at;

        if (*at == '\\') {
            at += add_escape(out, at, end);
            continue;
        }
        while (at < end && *at != '"' && *at != '\\')
            at++;
        buf_add(out, from, (size_t)(at - from));
    }
    if (at < end)
        buf_add(out, at++, 1);
    return (size_t)(at - text);
}

static size_t add_number(struct buf *out, const char *text)
{
    size_t size = strspn(text, "+-0123456789.eE");
    char *copy = xstrndup(text, size), *rest;
    bool is_whole = !strpbrk(copy, ".eE");
    double value = strtod(copy, &rest);

    errno = 0;
    if (*rest || !isfinite(value)) {
        buf_add_text(out, *rest ? copy : "null"); /* what is no number stays */
    } else {
        strtoll(copy, NULL, 10);
        buf_add_text(out, copy);
        if (is_whole && errno == ERANGE)
            buf_add_text(out, ".0");
    }
    free(copy);
    return size;
}

/* NaN and the infinities.  Returns 0 when it is none of them. */
static size_t add_special(struct buf *out, const char *text)
{
    static const char *const words[] = { "NaN", "Infinity", "-Infinity" };

    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (!strncmp(text, words[i], strlen(words[i]))) {
            buf_add_text(out, "null");
            return strlen(words[i]);
        }
    }
    return 0;
}

char *repair_json(const void *text, size_t size, size_t *result_size)
{
    json_t *clean = message_text(text, size);
    const char *at = json_string_value(clean), *end = at + json_string_length(clean);
    struct buf out = { 0 };

    buf_reserve(&out, size + 1);
    while (at < end) {
        size_t used = add_special(&out, at);

        if (used == 0 && *at == '"')
            used = add_string(&out, at, end);
        else if (used == 0 && (*at == '-' || isdigit((unsigned char)*at)))
            used = add_number(&out, at);
        if (used == 0) {
            buf_add(&out, at, 1);
            used = 1;
        }
        at += used;
    }
    json_decref(clean);
    *result_size = out.size;
    return buf_take(&out);
}
