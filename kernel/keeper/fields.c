/* fields.c - JSON objects without depth */
#include "kernel/keeper/fields.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* ---- out ---- */

void fields_begin(struct buf *out)
{
    buf_add_text(out, "{");
}

void fields_end(struct buf *out)
{
    buf_add_text(out, "}");
}

/* How many bytes the character at 'text' has; 0 when it is no UTF-8. */
static size_t character_size(const unsigned char *text)
{
    size_t size = text[0] < 0x80                       ? 1
                  : text[0] >= 0xc2 && text[0] <= 0xdf ? 2
                  : text[0] >= 0xe0 && text[0] <= 0xef ? 3
                  : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                       : 0;

    for (size_t i = 1; i < size; i++) {
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    }
    if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f)
        || (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
        return 0;
    return size;
}

static void add_quoted(struct buf *out, const char *text)
{
    size_t size;

    buf_add_text(out, "\"");
    for (; *text; text += size ? size : 1) {
        size = character_size((const unsigned char *)text);
        if (*text == '"' || *text == '\\')
            buf_add_format(out, "\\%c", *text);
        else if ((unsigned char)*text < 0x20)
            buf_add_format(out, "\\u%04x", *text);
        else
            buf_add(out, size ? text : "?", size ? size : 1);
    }
    buf_add_text(out, "\"");
}

static void add_name(struct buf *out, const char *name)
{
    if (out->data[out->size - 1] != '{')
        buf_add_text(out, ",");
    add_quoted(out, name);
    buf_add_text(out, ":");
}

void fields_add_text(struct buf *out, const char *name, const char *text)
{
    add_name(out, name);
    add_quoted(out, text);
}

void fields_add_number(struct buf *out, const char *name, int64_t number)
{
    add_name(out, name);
    buf_add_format(out, "%lld", (long long)number);
}

void fields_add_real(struct buf *out, const char *name, double number)
{
    add_name(out, name);
    buf_add_format(out, "%.6f", number);
}

void fields_add_bool(struct buf *out, const char *name, int is_true)
{
    add_name(out, name);
    buf_add_text(out, is_true ? "true" : "false");
}

/* ---- in ---- */

static const char *skip_space(const char *text)
{
    return text + strspn(text, " \t\r\n");
}

static void add_character(struct buf *out, unsigned long code)
{
    const char bytes[] = { (char)(0xe0 | code >> 12), (char)(0x80 | (code >> 6 & 0x3f)),
                           (char)(0x80 | (code & 0x3f)) };
    const char two[] = { (char)(0xc0 | code >> 6), (char)(0x80 | (code & 0x3f)) };
    const char one = (char)code;

    if (code >= 0x800)
        buf_add(out, bytes, 3);
    else if (code >= 0x80)
        buf_add(out, two, 2);
    else
        buf_add(out, &one, 1);
}

/* An escape after its backslash; returns what follows, NULL when it is none. */
static const char *read_escape(const char *text, struct buf *out)
{
    static const char codes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *code;
    char digits[5] = "";

    if (*text == 'u') {
        memcpy(digits, text + 1, strnlen(text + 1, 4));
        if (strspn(digits, "0123456789abcdefABCDEF") != 4)
            return NULL;
        add_character(out, strtoul(digits, NULL, 16));
        return text + 5;
    }
    if (!*text || !(code = strchr(codes, *text)))
        return NULL;
    buf_add(out, &meanings[code - codes], 1);
    return text + 1;
}

/* A string from its opening quote on; returns what follows, NULL when it is none. */
static const char *read_text(const char *text, struct buf *out)
{
    size_t size;

    if (*text++ != '"')
        return NULL;
    while (text && *text && *text != '"') {
        if (*text == '\\') {
            text = read_escape(text + 1, out);
            continue;
        }
        size = strcspn(text, "\"\\");
        buf_add(out, text, size);
        text += size;
    }
    return text && *text == '"' ? text + 1 : NULL;
}

/* Where the value of 'name' begins; NULL when there is no such field. */
static const char *find(const char *json, const char *name)
{
    struct buf word = { 0 };
    bool is_found = false;

    json = skip_space(json);
    if (*json != '{')
        return NULL;
    do {
        buf_reset(&word);
        if (!(json = read_text(skip_space(json + 1), &word)))
            break;
        is_found = !strcmp(buf_text(&word), name);
        json = skip_space(json);
        if (*json != ':')
            json = NULL;
        else
            json = skip_space(json + 1);
        if (!json || is_found)
            break;
        if (*json == '"')
            json = read_text(json, &word);
        else
            json += strcspn(json, ",}");
        if (json)
            json = skip_space(json);
    } while (json && *json == ',');
    buf_clear(&word);
    return is_found ? json : NULL;
}

int fields_text(const char *json, const char *name, struct buf *out)
{
    const char *value = find(json, name);
    struct buf text = { 0 };
    int rc = -1;

    if (value && read_text(value, &text)) {
        buf_add(out, buf_text(&text), text.size);
        rc = 0;
    }
    buf_clear(&text);
    return rc;
}

int fields_number(const char *json, const char *name, int64_t *out)
{
    const char *value = find(json, name);
    char *end;
    long long number;

    if (!value)
        return -1;
    number = strtoll(value, &end, 10);
    if (end == value || !strchr(",} \t\r\n", *end))
        return -1;
    *out = number;
    return 0;
}
