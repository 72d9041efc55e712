/* main.c - rankbook: the command line */
#include <stdio.h>
#include <string.h>

#include "launcher/commands.h"
#include "launcher/replay/replay.h"

static int help_main(int argc, char **argv);
static int version_main(int argc, char **argv);

static const struct {
    const char *name;
    int (*main)(int argc, char **argv);
    const char *summary; /* NULL: not in the help's list */
} commands[] = {
    { "replay", replay_main, "run a notebook without a browser" },
    { "run", run_main, "run a Python script on MPI ranks" },
    { "install", install_main, "add \"MPI Python\" to Jupyter's kernels" },
    { "doctor", doctor_main, "check this machine and say what to do" },
    { "kernel", kernel_main, "run a kernel (Jupyter starts this one)" },
    { "--help", help_main, NULL },
    { "-h", help_main, NULL },
    { "help", help_main, NULL },
    { "--version", version_main, NULL },
};

#define COMMAND_COUNT (sizeof(commands) / sizeof(commands[0]))

static int help_main(int argc, char **argv)
{
    printf("Usage: rankbook COMMAND [OPTION]...\n"
           "Jupyter notebooks whose cells run on MPI ranks.\n\n");
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (commands[i].summary)
            printf("  %-10s %s\n", commands[i].name, commands[i].summary);
    printf("\n  --version  the version of this program\n"
           "  --help     this text; 'rankbook COMMAND --help' says more\n");
    return 0;
}

static int version_main(int argc, char **argv)
{
    printf("rankbook %s\n", RANKBOOK_VERSION);
    return 0;
}

int main(int argc, char **argv)
{
    struct error err;

    if (argc < 2) {
        error_set(&err, "no command: see 'rankbook --help'");
        return command_fail(&err);
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++)
        if (!strcmp(commands[i].name, argv[1]))
            return commands[i].main(argc - 1, argv + 1);
    error_set(&err, "unknown command '%s': see 'rankbook --help'", argv[1]);
    return command_fail(&err);
}
