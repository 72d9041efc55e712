/* error.c - why something failed, as text fit to show a user */
#include "kernel/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A text that was cut must not end inside a UTF-8 character: it goes into JSON. */
static void trim_partial_char(char *text)
{
    size_t size = strlen(text), start = size, want = 1;
    unsigned char lead;

    while (start > 0 && size - start < 3 && ((unsigned char)text[start - 1] >> 6) == 2)
        start--;
    if (start == 0)
        return;
    lead = (unsigned char)text[start - 1];
    if (lead >= 0xf0)
        want = 4;
    else if (lead >= 0xe0)
        want = 3;
    else if (lead >= 0xc0)
        want = 2;
    if (size - (start - 1) < want)
        text[start - 1] = '\0';
}

int error_set(struct error *err, const char *format, ...)
{
    struct error made; /* an argument may be the old text */
    va_list args;
    int size;

    if (!err)
        return -1;
    va_start(args, format);
    size = vsnprintf(made.text, sizeof(made.text), format, args);
    va_end(args);
    if (size < 0)
        made.text[0] = '\0';
    else if ((size_t)size >= sizeof(made.text))
        trim_partial_char(made.text);
    memcpy(err, &made, sizeof(made));
    return -1;
}

int error_prefix(struct error *err, const char *format, ...)
{
    struct error context;
    va_list args;

    if (!err)
        return -1;
    va_start(args, format);
    if (vsnprintf(context.text, sizeof(context.text), format, args) < 0)
        context.text[0] = '\0';
    va_end(args);
    return error_set(err, "%s: %s", context.text, err->text);
}
