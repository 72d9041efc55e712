/* strings.h - a list of strings that ends with NULL: an argv, or an environment
 *
 * Embedded: 'struct strings s = { 0 };' is an empty one.
 */
#ifndef LAUNCHER_STRINGS_H
#define LAUNCHER_STRINGS_H

#include <stddef.h>

struct strings {
    char **list; /* NULL while nothing was added, else NULL-terminated */
    size_t count;
};

void strings_clear(struct strings *strings);

/* Adds a copy of 'text', of all of the NULL-terminated 'list'. */
void strings_add(struct strings *strings, const char *text);
void strings_add_list(struct strings *strings, char *const *list);
void strings_add_format(struct strings *strings, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For an environment: the value of 'name' (borrowed, NULL when it is not set),
 * NAME=VALUE instead of what was there, and nothing whose name starts so. */
const char *strings_env(const struct strings *strings, const char *name);
void strings_set_env(struct strings *strings, const char *name, const char *value);
void strings_remove_env(struct strings *strings, const char *prefix);

/* Puts 'dir' first in the list of directories 'name' (PATH). */
void strings_prepend_env(struct strings *strings, const char *name, const char *dir);

#endif
