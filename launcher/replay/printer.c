/* printer.c - what a cell put out, for people who read a terminal or a log */
#include "launcher/replay/printer.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/buf.h"
#include "launcher/replay/notebook.h"

#define ESCAPE '\033'

/* The bytes of the escape sequence at 'text': CSI ... letter, or two bytes. */
static size_t escape_size(const char *text)
{
    size_t size = 2;

    if (text[1] == '\0')
        return 1;
    if (text[1] != '[')
        return size;
    while (text[size] && (text[size] < '@' || text[size] > '~'))
        size++;
    return text[size] ? size + 1 : size;
}

char *printer_plain(const char *text)
{
    struct buf buf = { 0 };

    buf_add_text(&buf, "");
    while (*text) {
        size_t size = strcspn(text, "\033");

        buf_add(&buf, text, size);
        text += size;
        if (*text == ESCAPE)
            text += escape_size(text);
    }
    return buf_take(&buf);
}

static void print_text(FILE *file, const json_t *lines, bool has_colors)
{
    char *text = notebook_text(lines), *plain = has_colors ? NULL : printer_plain(text);
    const char *shown = plain ? plain : text;
    size_t size = strlen(shown);

    fputs(shown, file);
    if (size > 0 && shown[size - 1] != '\n')
        fputc('\n', file);
    free(text);
    free(plain);
}

static bool has_picture(const json_t *data)
{
    const char *mime;
    json_t *value;

    json_object_foreach((json_t *)data, mime, value)
    {
        if (!strncmp(mime, "image/", 6))
            return true;
    }
    return false;
}

void printer_cell(FILE *file, const json_t *cell, bool has_colors)
{
    json_t *output;
    size_t idx;

    json_array_foreach(json_object_get(cell, "outputs"), idx, output)
    {
        const json_t *data = json_object_get(output, "data");

        if (has_picture(data))
            fputs("[figure]\n", file);
        else if (data)
            print_text(file, json_object_get(data, "text/plain"), has_colors);
        else
            print_text(file, json_object_get(output, "text"), has_colors);
    }
    fflush(file);
}

bool printer_error(FILE *file, const json_t *cell, bool has_colors)
{
    const json_t *outputs = json_object_get(cell, "outputs"), *traceback;
    const json_t *error = NULL, *output;
    json_t *line;
    size_t idx;

    json_array_foreach(outputs, idx, output)
    {
        if (json_object_get(output, "ename"))
            error = output;
    }
    if (!error)
        return false;
    traceback = json_object_get(error, "traceback");
    json_array_foreach(traceback, idx, line) print_text(file, line, has_colors);
    if (json_array_size(traceback) == 0)
        fprintf(file, "%s: %s\n", json_string_value(json_object_get(error, "ename")),
                json_string_value(json_object_get(error, "evalue")));
    return true;
}
