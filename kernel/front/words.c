/* words.c - what a process manager says when it ends */
#include "kernel/front/words.h"

#include <stdbool.h>
#include <string.h>

#include "kernel/base/buf.h"

/* How such lines begin. */
static const char *const ornaments[] = {
    "=====",
    "=   BAD TERMINATION",
    "=   PID ",
    "=   EXIT CODE",
    "=   CLEANING UP",
    "=   YOU CAN IGNORE",
    "YOUR APPLICATION TERMINATED WITH THE EXIT STRING",
    "This typically refers to a problem with your application",
    "Please see the FAQ page for debugging suggestions",
};

static bool is_ornament(const char *line)
{
    for (size_t i = 0; i < sizeof(ornaments) / sizeof(*ornaments); i++)
        if (!strncmp(line, ornaments[i], strlen(ornaments[i])))
            return true;
    return false;
}

char *words_plain(const char *text)
{
    struct buf out = { 0 };
    const char *end;

    for (; *text; text = end) {
        size_t size = strcspn(text, "\n");

        end = text + size + (text[size] == '\n');
        /* An empty first line was the distance to what stood above. */
        if (!is_ornament(text) && (size > 0 || out.size > 0))
            buf_add(&out, text, (size_t)(end - text));
    }
    while (out.size > 0 && out.data[out.size - 1] == '\n')
        out.size--;
    return buf_take(&out);
}
