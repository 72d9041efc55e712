/* commands.c - what the subcommands share */
#include "launcher/commands.h"

#include <stdio.h>

int command_fail(const struct error *err)
{
    char line[sizeof(err->text)];

    snprintf(line, sizeof(line), "%s", err->text);
    for (char *p = line; *p; p++) /* a file name may hold anything */
        if ((unsigned char)*p < ' ')
            *p = '?';
    fprintf(stderr, "rankbook: %s\n", line);
    return STATUS_USAGE;
}
