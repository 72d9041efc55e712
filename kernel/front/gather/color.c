/* color.c - the colour that a terminal goes on writing in */
#include "kernel/front/gather/color.h"

#include <string.h>

#define CODES_MAX 16

enum { KIND_NAMED = 1, KIND_INDEX, KIND_RGB };

static uint32_t value_of(uint32_t kind, uint32_t value)
{
    return kind << 24 | (value & 0xffffff);
}

bool color_is_equal(const struct color *a, const struct color *b)
{
    return a->fore == b->fore && a->back == b->back && a->flags == b->flags;
}

/* ---- sequences ---- */

static bool is_parameter(char c)
{
    return (c >= '0' && c <= '9') || c == ';';
}

size_t color_sequence(const char *text, size_t size)
{
    size_t end = 2;

    if (size < 3 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    while (end < size && is_parameter(text[end]))
        end++;
    return end < size && text[end] == 'm' ? end + 1 : 0;
}

size_t color_partial(const char *text, size_t size)
{
    size_t back = 0;

    while (back < size && back < COLOR_SEQUENCE_MAX - 1) {
        char c = text[size - ++back];

        if (c == '\x1b')
            return back;
        if (!is_parameter(c) && c != '[')
            return 0;
    }
    return 0;
}

/* ---- codes ---- */

static const struct {
    unsigned code;
    uint32_t flags;
} flags_off[] = {
    { 22, 1u << 1 | 1u << 2 }, { 23, 1u << 3 }, { 24, 1u << 4 | 1u << 21 },
    { 25, 1u << 5 | 1u << 6 }, { 27, 1u << 7 }, { 28, 1u << 8 },
    { 29, 1u << 9 },
};

/* 38 or 48, and what follows it; returns how many codes that takes. */
static size_t take_extended(uint32_t *place, const unsigned *codes, size_t count)
{
    if (count >= 3 && codes[1] == 5) {
        *place = value_of(KIND_INDEX, codes[2]);
        return 3;
    }
    if (count >= 5 && codes[1] == 2) {
        *place = value_of(KIND_RGB, (codes[2] & 0xff) << 16 | (codes[3] & 0xff) << 8
                                        | (codes[4] & 0xff));
        return 5;
    }
    return count; /* nothing that follows can be understood */
}

static void take_code(struct color *color, unsigned code)
{
    if (code == 0)
        *color = (struct color){ 0 };
    else if (code < 10 || code == 21)
        color->flags |= 1u << code;
    else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97))
        color->fore = value_of(KIND_NAMED, code);
    else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107))
        color->back = value_of(KIND_NAMED, code);
    else if (code == 39)
        color->fore = 0;
    else if (code == 49)
        color->back = 0;
    for (size_t i = 0; i < sizeof(flags_off) / sizeof(*flags_off); i++)
        if (flags_off[i].code == code)
            color->flags &= ~flags_off[i].flags;
}

static void take_sequence(struct color *color, const char *text, size_t size)
{
    unsigned codes[CODES_MAX] = { 0 };
    size_t count = 1, step;

    for (size_t i = 2; i + 1 < size; i++) {
        if (text[i] == ';' && count == CODES_MAX)
            break;
        if (text[i] == ';')
            count++;
        else if (codes[count - 1] < 1000)
            codes[count - 1] = codes[count - 1] * 10 + (unsigned)(text[i] - '0');
    }
    for (size_t i = 0; i < count; i += step) {
        step = 1;
        if (codes[i] == 38)
            step = take_extended(&color->fore, codes + i, count - i);
        else if (codes[i] == 48)
            step = take_extended(&color->back, codes + i, count - i);
        else
            take_code(color, codes[i]);
    }
}

/* ---- text ---- */

/* A sequence that was cut goes on with 'text': one byte of it. */
static void read_part(struct color_reader *reader, char c)
{
    reader->part[reader->part_size++] = c;
    if (color_sequence(reader->part, reader->part_size)) {
        take_sequence(&reader->color, reader->part, reader->part_size);
        reader->part_size = 0;
    } else if (color_partial(reader->part, reader->part_size) != reader->part_size) {
        reader->part_size = 0; /* it was something else */
    }
}

void color_read(struct color_reader *reader, const char *text, size_t size)
{
    const char *end = text + size, *at;

    while (reader->part_size > 0 && text < end && *text != '\x1b')
        read_part(reader, *text++);
    if (text == end)
        return;
    reader->part_size = 0;
    while ((at = memchr(text, '\x1b', (size_t)(end - text)))) {
        size_t left = (size_t)(end - at), length = color_sequence(at, left);

        if (length) {
            take_sequence(&reader->color, at, length);
        } else if (color_partial(at, left) == left) {
            memcpy(reader->part, at, left);
            reader->part_size = left;
            return;
        }
        text = at + (length ? length : 1);
    }
}

static void add_value(struct buf *out, uint32_t value, unsigned extended)
{
    uint32_t low = value & 0xffffff;

    switch (value >> 24) {
    case KIND_NAMED:
        buf_add_format(out, ";%u", low);
        break;
    case KIND_INDEX:
        buf_add_format(out, ";%u;5;%u", extended, low);
        break;
    case KIND_RGB:
        buf_add_format(out, ";%u;2;%u;%u;%u", extended, low >> 16, low >> 8 & 0xff,
                       low & 0xff);
        break;
    }
}

void color_change(struct buf *out, const struct color *from, const struct color *to)
{
    if (color_is_equal(from, to))
        return;
    buf_add_text(out, "\x1b[0");
    for (unsigned code = 1; code < 32; code++)
        if (to->flags & 1u << code)
            buf_add_format(out, ";%u", code);
    add_value(out, to->fore, 38);
    add_value(out, to->back, 48);
    buf_add(out, "m", 1);
}
