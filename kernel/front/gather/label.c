/* label.c - "[0-2] ": whose output this is */
#include "kernel/front/gather/label.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/front/gather/color.h"

char *label_of(const struct idset *ranks, int highest)
{
    char *set = idset_encode(ranks), *label;
    int width = snprintf(NULL, 0, "%d", highest);
    int used = snprintf(NULL, 0, "%s", set);

    label = xasprintf("[%s] %*s", set, width > used ? width - used : 0, "");
    free(set);
    return label;
}

char *label_words(const struct idset *ranks)
{
    char *set = idset_encode(ranks), *words;

    words = xasprintf("%s %s", idset_count(ranks) == 1 ? "rank" : "ranks", set);
    free(set);
    return words;
}

char *label_text(const char *label, const char *text)
{
    struct buf out = { 0 };

    buf_add_text(&out, label);
    for (; *text; text++) {
        buf_add(&out, text, 1);
        if (*text == '\n')
            buf_add_format(&out, "%*s", (int)strlen(label), "");
    }
    return buf_take(&out);
}

static bool is_label_char(char c)
{
    return (c >= '0' && c <= '9') || c == ',' || c == '-';
}

/* What is seen at 'at' or after it: sequences that set colours are not. */
static size_t skip_colors(const char *text, size_t size, size_t at)
{
    size_t step;

    while ((step = color_sequence(text + at, size - at)))
        at += step;
    return color_partial(text + at, size - at) == size - at ? size : at;
}

bool label_is_like(const char *text, size_t size)
{
    size_t at = skip_colors(text, size, 0);

    if (at < size && text[at] != '[')
        return false;
    do {
        at = skip_colors(text, size, at < size ? at + 1 : size);
    } while (at < size && is_label_char(text[at]));
    if (at < size && text[at] != ']')
        return false;
    at = skip_colors(text, size, at < size ? at + 1 : size);
    return at == size || text[at] == ' ' || text[at] == LABEL_REST[0];
}
