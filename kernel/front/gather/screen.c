/* screen.c - one line as a terminal shows it */
#include "kernel/front/gather/screen.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

#define CHARACTER_MAX 4 /* bytes of UTF-8 */
#define WIDTH_MIN 80

struct screen_cell {
    char bytes[CHARACTER_MAX];
    size_t size;
    struct color color;
};

void screen_clear(struct screen *screen)
{
    free(screen->cells);
    *screen = (struct screen){ 0 };
}

/* ---- writing ---- */

/* The bytes of the first character; one, where it is none. */
static size_t character_size(const char *text, size_t size)
{
    unsigned char first = (unsigned char)*text;
    size_t want = first >= 0xf0   ? 4
                  : first >= 0xe0 ? 3
                  : first >= 0xc0 ? 2
                                  : 1,
           has = 1;

    while (has < want && has < size && ((unsigned char)text[has] & 0xc0) == 0x80)
        has++;
    return has == want ? has : 1;
}

/* The size of a control sequence ("\x1b[2K"); 0 when there is none. */
static size_t control_size(const char *text, size_t size)
{
    size_t end = 2;

    if (size < 3 || text[0] != '\x1b' || text[1] != '[')
        return 0;
    while (end < size && text[end] >= 0x20 && text[end] < 0x40)
        end++;
    return end < size ? end + 1 : 0;
}

/* Of the sequences that do not set colours, those that erase are known. */
static void control(struct screen *screen, const char *text, size_t size)
{
    if (text[size - 1] != 'K')
        return;
    if (size == 3 || text[2] == '0')
        screen->width = screen->column < screen->width ? screen->column : screen->width;
    else if (text[2] == '2')
        screen->width = 0;
}

static void put(struct screen *screen, const struct screen_cell *cell)
{
    static const struct screen_cell blank = { .bytes = " ", .size = 1 };

    if (screen->column == SCREEN_MAX)
        return;
    if (screen->column >= screen->capacity) {
        screen->capacity = screen->capacity ? 2 * screen->capacity : WIDTH_MIN;
        screen->cells =
            xrealloc(screen->cells, screen->capacity * sizeof(*screen->cells));
    }
    while (screen->width < screen->column)
        screen->cells[screen->width++] = blank;
    screen->cells[screen->column++] = *cell;
    if (screen->width < screen->column)
        screen->width = screen->column;
}

/* What has no place in the line, up to what may lead back into it. */
static size_t hidden_size(const struct screen *screen, const char *text, size_t size)
{
    const char *at;

    if (screen->column < SCREEN_MAX)
        return 0;
    if ((at = memchr(text, '\x1b', size)))
        size = (size_t)(at - text);
    at = memchr(text, '\r', size);
    return at ? (size_t)(at - text) : size;
}

void screen_write(struct screen *screen, const struct color *color, const char *text,
                  size_t size)
{
    struct color_reader pen = { .color = *color };
    size_t step;

    for (; size > 0; text += step, size -= step) {
        struct screen_cell cell;

        step = hidden_size(screen, text, size);
        if (step > 0)
            continue;
        step = control_size(text, size);
        if (step > 0) {
            color_read(&pen, text, step);
            control(screen, text, step);
            continue;
        }
        step = 1;
        if (*text == '\r') {
            screen->column = 0;
            continue;
        }
        step = character_size(text, size);
        cell = (struct screen_cell){ .size = step, .color = pen.color };
        memcpy(cell.bytes, text, step);
        put(screen, &cell);
    }
}

/* ---- reading ---- */

static bool is_blank(const struct screen_cell *cell)
{
    static const struct color plain = { 0 };

    return *cell->bytes == ' ' && color_is_equal(&cell->color, &plain);
}

void screen_add(const struct screen *screen, struct buf *out)
{
    static const struct color plain = { 0 };
    size_t width = screen->width;
    struct color color = plain;

    while (width > 0 && is_blank(&screen->cells[width - 1]))
        width--;
    for (size_t i = 0; i < width; i++) {
        const struct screen_cell *cell = &screen->cells[i];

        color_change(out, &color, &cell->color);
        color = cell->color;
        buf_add(out, cell->bytes, cell->size);
    }
    color_change(out, &color, &plain);
}
