/* run.c - rankbook run: a plain script on ranks
 *
 * What 'mpiexec -n N python3 SCRIPT ARGS' would do, with our binding and
 * libmpiwait.  The process becomes mpiexec, so that stdin, signals and the exit
 * status are mpiexec's own.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "launcher/commands.h"
#include "launcher/options.h"
#include "launcher/parts.h"
#include "launcher/strings.h"

struct settings {
    int ranks;
    const char *python;
    const char *module;
    const char *code;
};

static const struct option_row rows[] = {
    { "ranks", 'n', OPTION_RANKS, offsetof(struct settings, ranks), "N",
      "how many ranks (1)" },
    { "python", 0, OPTION_TEXT, offsetof(struct settings, python), "PATH",
      "the python of the environment to run" },
    { "module", 'm', OPTION_TEXT, offsetof(struct settings, module), "MODULE",
      "run a library module; ends the options", true },
    { "code", 'c', OPTION_TEXT, offsetof(struct settings, code), "CODE",
      "run this text; ends the options", true },
};

static const struct option_table table = {
    .usage = "rankbook run [-n N] [OPTION]... SCRIPT|-m MODULE|-c CODE|- [ARG]...",
    .summary = "Run a Python program on N MPI ranks; '-' reads it from stdin.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .more = "stdin goes to rank 0; the exit status is that of mpiexec.",
    .has_operands = true,
};

/* Python's own words for what to run, then the program's arguments. */
static int add_program(const struct settings *settings, char **operands,
                       struct strings *argv, struct error *err)
{
    if (settings->module || settings->code) {
        strings_add(argv, settings->module ? "-m" : "-c");
        strings_add(argv, settings->module ? settings->module : settings->code);
    } else if (!*operands) {
        return error_set(err, "nothing to run: give a script, -m MODULE or -c CODE");
    } else if (strcmp(*operands, "-") && access(*operands, R_OK) < 0) {
        return error_set(err, "cannot read the script '%s': %s", *operands,
                         strerror(errno));
    }
    strings_add_list(argv, operands);
    return 0;
}

static int become_mpiexec(const struct settings *settings, char **operands,
                          struct error *err)
{
    struct strings argv = { 0 }, env = { 0 }, program = { 0 };
    struct parts parts = { 0 };
    char *python = NULL, *mpiexec = NULL, *interpreter = NULL;

    if (add_program(settings, operands, &program, err) < 0
        || parts_init(&parts, err) < 0
        || !(python = parts_python(settings->python, err))
        || !(mpiexec = parts_mpiexec(err))
        || !(interpreter = parts_program(&parts, "rankbook-interpreter", err)))
        goto error;
    strings_add(&argv, mpiexec);
    strings_add(&argv, "-n");
    strings_add_format(&argv, "%d", settings->ranks);
    strings_add(&argv, interpreter);
    strings_add(&argv, "--");
    strings_add_list(&argv, program.list);
    strings_add_list(&env, environ);
    strings_set_env(&env, "RANKBOOK_PYTHON", python);
    parts_set_path(&env, python, mpiexec);
    execve(mpiexec, argv.list, env.list);
    error_set(err, "start %s: %s", mpiexec, strerror(errno));
error:
    strings_clear(&argv);
    strings_clear(&env);
    strings_clear(&program);
    parts_clear(&parts);
    free(python);
    free(mpiexec);
    free(interpreter);
    return -1;
}

int run_main(int argc, char **argv)
{
    struct settings settings = { .ranks = 1 };
    struct error err;
    int first = options_parse(&table, argc, argv, &settings, &err);

    if (first == 0)
        return 0;
    if (first > 0)
        become_mpiexec(&settings, argv + first, &err);
    return command_fail(&err);
}
