/* strings.c - a list of strings that ends with NULL: an argv, or an environment */
#include "launcher/strings.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

void strings_clear(struct strings *strings)
{
    for (size_t i = 0; i < strings->count; i++)
        free(strings->list[i]);
    free(strings->list);
    *strings = (struct strings){ 0 };
}

static void add_taken(struct strings *strings, char *text)
{
    strings->list =
        xrealloc(strings->list, (strings->count + 2) * sizeof(*strings->list));
    strings->list[strings->count++] = text;
    strings->list[strings->count] = NULL;
}

void strings_add(struct strings *strings, const char *text)
{
    add_taken(strings, xstrdup(text));
}

void strings_add_list(struct strings *strings, char *const *list)
{
    for (; *list; list++)
        strings_add(strings, *list);
}

void strings_add_format(struct strings *strings, const char *format, ...)
{
    char *text = NULL;
    va_list args;

    va_start(args, format);
    if (vasprintf(&text, format, args) < 0)
        abort();
    va_end(args);
    add_taken(strings, text);
}

/* The value in "NAME=VALUE" when the name is 'name'. */
static const char *value_of(const char *entry, const char *name)
{
    size_t size = strlen(name);

    return !strncmp(entry, name, size) && entry[size] == '=' ? entry + size + 1 : NULL;
}

const char *strings_env(const struct strings *strings, const char *name)
{
    const char *value;

    for (size_t i = 0; i < strings->count; i++)
        if ((value = value_of(strings->list[i], name)))
            return value;
    return NULL;
}

void strings_set_env(struct strings *strings, const char *name, const char *value)
{
    char *entry = xasprintf("%s=%s", name, value);

    for (size_t i = 0; i < strings->count; i++) {
        if (value_of(strings->list[i], name)) {
            free(strings->list[i]);
            strings->list[i] = entry;
            return;
        }
    }
    add_taken(strings, entry);
}

void strings_remove_env(struct strings *strings, const char *prefix)
{
    size_t kept = 0;

    for (size_t i = 0; i < strings->count; i++) {
        if (!strncmp(strings->list[i], prefix, strlen(prefix)))
            free(strings->list[i]);
        else
            strings->list[kept++] = strings->list[i];
    }
    strings->count = kept;
    if (strings->list)
        strings->list[kept] = NULL;
}

void strings_prepend_env(struct strings *strings, const char *name, const char *dir)
{
    const char *old = strings_env(strings, name);
    bool has_old = old && *old;
    char *value = xasprintf("%s%s%s", dir, has_old ? ":" : "", has_old ? old : "");

    strings_set_env(strings, name, value);
    free(value);
}
