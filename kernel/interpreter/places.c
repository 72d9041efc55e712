/* places.c - where the parts are that this program runs */
#include "kernel/interpreter/places.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

char *places_part(const char *name)
{
    char *dir = platform_program_dir();
    char *path = xasprintf("%s/../lib/rankbook/%s", dir, name);
    char *real = realpath(path, NULL);

    free(dir);
    if (!real)
        return path;
    free(path);
    return real;
}

const char *places_python(void)
{
    const char *python = getenv("RANKBOOK_PYTHON");

    return python && *python ? python : NULL;
}
