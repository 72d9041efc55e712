/* text.c - bytes that should be UTF-8, as JSON */
#include "kernel/jupyter/text.h"

#include <stdint.h>
#include <string.h>

#define REPLACEMENT "\xef\xbf\xbd"

/* The bytes of the UTF-8 character at 'text', 0 when there is none. */
static size_t character(const unsigned char *text, size_t size)
{
    static const struct {
        unsigned char low, high;     /* of the first byte */
        unsigned char second, third; /* the second byte's range */
        size_t size;
    } forms[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 },
        { 0xe0, 0xe0, 0xa0, 0xbf, 3 }, { 0xe1, 0xec, 0x80, 0xbf, 3 },
        { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 },
        { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
        if (text[0] < forms[i].low || text[0] > forms[i].high)
            continue;
        if (size < forms[i].size)
            return 0;
        if (forms[i].size > 1
            && (text[1] < forms[i].second || text[1] > forms[i].third))
            return 0;
        for (size_t j = 2; j < forms[i].size; j++) {
            if ((text[j] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].size;
    }
    return 0;
}

static bool is_surrogate(const unsigned char *text, size_t size)
{
    return size >= 3 && text[0] == 0xed && (text[1] & 0xe0) == 0xa0
           && (text[2] & 0xc0) == 0x80;
}

/* Whatever may stand at the beginning of 'text': how many bytes it has, and whether
 * it is a character. */
static size_t next(const char *text, size_t size, bool *is_good)
{
    const unsigned char *bytes = (const unsigned char *)text;
    size_t good = character(bytes, size);

    *is_good = good > 0;
    if (good > 0)
        return good;
    return is_surrogate(bytes, size) ? 3 : 1;
}

bool text_is_clean(const char *text, size_t size)
{
    bool is_good = true;

    for (size_t i = 0; is_good && i < size;)
        i += next(text + i, size - i, &is_good);
    return is_good;
}

void text_add_clean(struct buf *out, const char *text, size_t size)
{
    bool is_good;

    for (size_t i = 0, length; i < size; i += length) {
        length = next(text + i, size - i, &is_good);
        if (is_good)
            buf_add(out, text + i, length);
        else
            buf_add_text(out, REPLACEMENT);
    }
}

static bool is_plain(unsigned char byte)
{
    return byte >= ' ' && byte < 0x80 && byte != '"' && byte != '\\';
}

#define EACH_BYTE UINT64_C(0x0101010101010101)

/* Eight bytes at once: not 0 when one of them is below 'limit', at most 0x80. */
static uint64_t has_below(uint64_t word, unsigned limit)
{
    return (word - EACH_BYTE * limit) & ~word & EACH_BYTE * 0x80;
}

/* How many bytes at the beginning of 'text' JSON has as they are: almost all, and
 * there may be megabytes. */
static size_t plain_size(const char *text, size_t size)
{
    size_t at = 0;
    uint64_t word;

    for (; size - at >= sizeof(word); at += sizeof(word)) {
        memcpy(&word, text + at, sizeof(word));
        if ((word & EACH_BYTE * 0x80) | has_below(word, ' ')
            | has_below(word ^ EACH_BYTE * '"', 1)
            | has_below(word ^ EACH_BYTE * '\\', 1))
            break;
    }
    while (at < size && is_plain((unsigned char)text[at]))
        at++;
    return at;
}

static void add_escape(struct buf *out, unsigned char byte)
{
    static const struct {
        char byte;
        const char *text;
    } escapes[] = {
        { '\n', "\\n" }, { '"', "\\\"" }, { '\\', "\\\\" }, { '\r', "\\r" },
        { '\t', "\\t" }, { '\b', "\\b" }, { '\f', "\\f" },
    };

    for (size_t i = 0; i < sizeof(escapes) / sizeof(escapes[0]); i++) {
        if ((unsigned char)escapes[i].byte == byte) {
            buf_add(out, escapes[i].text, 2);
            return;
        }
    }
    buf_add_format(out, "\\u%04x", byte);
}

void text_add_json(struct buf *out, const char *text, size_t size)
{
    size_t length;
    bool is_good;

    buf_reserve(out, size + 2);
    buf_add(out, "\"", 1);
    for (size_t i = 0; i < size;) {
        length = plain_size(text + i, size - i);
        buf_add(out, text + i, length);
        i += length;
        if (i == size)
            break;
        length = next(text + i, size - i, &is_good);
        if (!is_good)
            buf_add_text(out, REPLACEMENT);
        else if (length == 1)
            add_escape(out, (unsigned char)text[i]);
        else
            buf_add(out, text + i, length);
        i += length;
    }
    buf_add(out, "\"", 1);
}

size_t text_partial(const char *text, size_t size)
{
    for (size_t back = 1; back <= 3 && back <= size; back++) {
        unsigned char byte = (unsigned char)text[size - back];

        if (byte < 0x80)
            return 0;
        if (byte >= 0xc0) {
            size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;

            return length > back ? back : 0;
        }
    }
    return 0;
}
