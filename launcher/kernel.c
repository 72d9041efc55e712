/* kernel.c - rankbook kernel: a kernel for one connection file */
#include <stdlib.h>

#include "kernel/jupyter/connection.h"
#include "launcher/commands.h"
#include "launcher/method.h"
#include "launcher/options.h"
#include "launcher/parts.h"
#include "launcher/session.h"

struct settings {
    const char *file;
    int ranks;
    const char *start;
    const char *python;
};

static const struct option_row rows[] = {
    { "file", 'f', OPTION_TEXT, offsetof(struct settings, file), "FILE",
      "the connection file that Jupyter wrote" },
    { "ranks", 'n', OPTION_RANKS, offsetof(struct settings, ranks), "N",
      "how many ranks (1)" },
    { "start", 0, OPTION_TEXT, offsetof(struct settings, start), "HOW",
      "mpiexec (the default), or none: ranks without MPI" },
    { "python", 0, OPTION_TEXT, offsetof(struct settings, python), "PATH",
      "the python of the environment to run" },
};

static const struct option_table table = {
    .usage = "rankbook kernel -f FILE [-n N] [OPTION]...",
    .summary = "Run a Jupyter kernel whose cells run on N MPI ranks.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .more = "Jupyter starts this command; 'rankbook install' tells Jupyter how.\n"
            "RANKBOOK_PYTHON and RANKBOOK_MPIEXEC name the programs to use.",
    .has_operands = true, /* unread: `jupyter run` appends the file that it runs */
    .skips_traits = true,
};

/* Everything that can be refused is refused here, before a process is started. */
static int check(const struct settings *settings, const struct method **method,
                 char **python, struct error *err)
{
    struct connection connection = { 0 };

    if (!settings->file)
        return error_set(err, "no connection file: give it by -f FILE");
    if (connection_read(settings->file, &connection, err) < 0)
        return -1;
    connection_clear(&connection);
    if (!(*method = method_find(settings->start, err)))
        return error_prefix(err, "--start");
    return (*python = parts_python(settings->python, err)) ? 0 : -1;
}

int kernel_main(int argc, char **argv)
{
    struct settings settings = { .ranks = 1, .start = "mpiexec" };
    struct session_setup setup = { 0 };
    struct parts parts = { 0 };
    char *python = NULL;
    struct error err;
    int rc = options_parse(&table, argc, argv, &settings, &err);

    if (rc <= 0)
        return rc < 0 ? command_fail(&err) : 0;
    if (check(&settings, &setup.method, &python, &err) < 0
        || parts_init(&parts, &err) < 0) {
        rc = command_fail(&err);
        goto done;
    }
    setup.parts = &parts;
    setup.connection = settings.file;
    setup.python = python;
    setup.ranks = settings.ranks;
    if ((rc = session_run(&setup, &err)) < 0)
        rc = command_fail(&err);
done:
    parts_clear(&parts);
    free(python);
    return rc;
}
