/* commands.c - what the subcommands share */
#include "launcher/commands.h"

#include <stdio.h>

int command_fail(const struct error *err)
{
    fprintf(stderr, "rankbook: %s\n", err->text);
    return STATUS_USAGE;
}
