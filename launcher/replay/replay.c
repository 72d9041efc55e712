/* replay.c - rankbook replay: a notebook without a browser */
#include "launcher/replay/replay.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/file.h"
#include "kernel/base/mem.h"
#include "launcher/commands.h"
#include "launcher/options.h"
#include "launcher/replay/notebook.h"
#include "launcher/replay/parameters.h"
#include "launcher/replay/player.h"

struct settings {
    const char *notebook;
    const char *output;
    const char *parameter;
    const char *timeout;
    const char *start;
    const char *python;
    int ranks;
    bool prints;
};

static const struct option_row rows[] = {
    { "ranks", 'n', OPTION_RANKS, offsetof(struct settings, ranks), "N",
      "how many ranks (1)" },
    { "output", 'o', OPTION_TEXT, offsetof(struct settings, output), "FILE",
      "the executed notebook (NB.replayed.ipynb)" },
    { "param", 'p', OPTION_TEXT, offsetof(struct settings, parameter), "NAME VALUE",
      "set a variable; may be given again", true },
    { "print", 0, OPTION_FLAG, offsetof(struct settings, prints), NULL,
      "print what the cells put out" },
    { "timeout", 0, OPTION_TEXT, offsetof(struct settings, timeout), "SECONDS",
      "a cell that takes longer is interrupted and fails" },
    { "start", 0, OPTION_TEXT, offsetof(struct settings, start), "HOW",
      "mpiexec (the default), or none: ranks without MPI" },
    { "python", 0, OPTION_TEXT, offsetof(struct settings, python), "PATH",
      "the python of the environment to run" },
};

static const struct option_table table = {
    .usage = "rankbook replay [-n N] [-o FILE] [OPTION]... NB.ipynb",
    .summary = "Run a notebook on N MPI ranks and save it with its outputs.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .more = "It is saved after each cell.  The first cell that raises ends it, unless\n"
            "the cell is tagged 'raises-exception'; 'skip-execution' leaves one out.\n"
            "Variables of -p are set after the cell tagged 'parameters', or first; a\n"
            "VALUE is JSON, or else a string.\n"
            "Exit status: 0, 1 when a cell failed, 2 when nothing was run.",
    .has_operands = true,
};

/* The option table stops at each operand and after each NAME; what follows is
 * parsed as a command line of its own.  Returns as options_parse(). */
static int parse(int argc, char **argv, struct settings *settings,
                 struct parameters *parameters, struct error *err)
{
    int at = 0, used;

    while ((used = options_parse(&table, argc - at, argv + at, settings, err)) > 0) {
        at += used;
        if (settings->parameter && at == argc)
            return error_set(err, "-p %s: no value", settings->parameter);
        if (settings->parameter) {
            if (parameters_add(parameters, settings->parameter, argv[at], err) < 0)
                return error_prefix(err, "-p");
            settings->parameter = NULL;
        } else if (at == argc) {
            return at;
        } else if (settings->notebook) {
            return error_set(err, "unexpected argument '%s'", argv[at]);
        } else {
            settings->notebook = argv[at];
        }
    }
    return used;
}

static int parse_seconds(const char *text, double *seconds, struct error *err)
{
    char *end;
    double value;

    if (!text)
        return 0;
    value = strtod(text, &end);
    if (end == text || *end || !(value > 0) || value > 1e9)
        return error_set(err, "--timeout: '%s' is no number of seconds", text);
    *seconds = value;
    return 0;
}

/* "a/b.ipynb" becomes "a/b.replayed.ipynb". */
static char *default_output(const char *notebook)
{
    const char *suffix = ".ipynb";
    size_t size = strlen(notebook);

    if (size > strlen(suffix) && !strcmp(notebook + size - strlen(suffix), suffix))
        size -= strlen(suffix);
    return xasprintf("%.*s.replayed%s", (int)size, notebook, suffix);
}

/* Everything that can be refused is refused before a process is started. */
static int prepare(const struct settings *settings, const struct parameters *parameters,
                   struct player_setup *setup, struct error *err)
{
    if (!settings->notebook)
        return error_set(err, "no notebook: see 'rankbook replay --help'");
    if (parse_seconds(settings->timeout, &setup->timeout, err) < 0
        || !(setup->notebook = notebook_read(settings->notebook, err))
        || file_check(setup->output, err) < 0)
        return -1;
    notebook_clear_outputs(setup->notebook);
    notebook_set_kernel(setup->notebook, settings->ranks);
    parameters_inject(parameters, setup->notebook);
    return 0;
}

int replay_main(int argc, char **argv)
{
    struct settings settings = { .ranks = 1 };
    struct parameters *parameters = parameters_create();
    struct player_setup setup = { 0 };
    char *output = NULL;
    struct error err;
    int rc = parse(argc, argv, &settings, parameters, &err);

    if (rc > 0) {
        if (!settings.output && settings.notebook)
            output = default_output(settings.notebook);
        setup.output = output ? output : settings.output;
        setup.prints = settings.prints;
        setup.remote = (struct remote_setup){ .ranks = settings.ranks,
                                              .start = settings.start,
                                              .python = settings.python };
        rc = prepare(&settings, parameters, &setup, &err);
        if (rc == 0)
            rc = player_run(&setup);
    }
    if (rc < 0)
        rc = command_fail(&err);
    notebook_destroy(setup.notebook);
    parameters_destroy(parameters);
    free(output);
    return rc;
}
