/* install.c - rankbook install: kernelspecs "MPI Python (N ranks)" */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "launcher/capture.h"
#include "launcher/commands.h"
#include "launcher/method.h"
#include "launcher/options.h"
#include "launcher/parts.h"
#include "launcher/spec.h"

#define PYTHON_SECONDS 20

extern char **environ;

struct settings {
    bool is_user;
    bool is_python; /* --sys-prefix */
    const char *prefix;
    struct option_sizes ranks;
    const char *name;
    const char *display_name;
    const char *start;
    const char *python;
};

static const struct option_row rows[] = {
    { "user", 0, OPTION_FLAG, offsetof(struct settings, is_user), NULL,
      "for this user (the default)" },
    { "sys-prefix", 0, OPTION_FLAG, offsetof(struct settings, is_python), NULL,
      "for the Python environment" },
    { "prefix", 0, OPTION_TEXT, offsetof(struct settings, prefix), "DIR",
      "into DIR/share/jupyter/kernels" },
    { "ranks", 'n', OPTION_SIZES, offsetof(struct settings, ranks), "N",
      "a kernel of N ranks; may be given again" },
    { "name", 0, OPTION_TEXT, offsetof(struct settings, name), "NAME",
      "the kernel's name (rankbook-N)" },
    { "display-name", 0, OPTION_TEXT, offsetof(struct settings, display_name), "TEXT",
      "what Jupyter shows (MPI Python)" },
    { "start", 0, OPTION_TEXT, offsetof(struct settings, start), "HOW",
      "mpiexec, or none: ranks without MPI" },
    { "python", 0, OPTION_TEXT, offsetof(struct settings, python), "PATH",
      "the python of the environment to run" },
};

static const struct option_table table = {
    .usage =
        "rankbook install [--user|--sys-prefix|--prefix DIR] [-n N]... [OPTION]...",
    .summary = "Add the kernels \"MPI Python (N ranks)\" to Jupyter.",
    .rows = rows,
    .count = sizeof(rows) / sizeof(rows[0]),
    .more = "Without -n: 1, 2, 4 ranks, and as many as this machine has cores.\n"
            "Kernels of the same name are replaced.",
};

static void add_default_sizes(struct option_sizes *sizes)
{
    static const int usual[] = { 1, 2, 4 };
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    bool is_usual = cores < 1 || cores > RANKS_MAX;

    for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
        sizes->list[sizes->count++] = usual[i];
        is_usual |= cores == usual[i];
    }
    if (!is_usual)
        sizes->list[sizes->count++] = (int)cores;
}

static int check(const struct settings *settings, struct error *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789._-";
    const char *name = settings->name;

    if (settings->is_user + settings->is_python + !!settings->prefix > 1)
        return error_set(err, "give one of --user, --sys-prefix and --prefix");
    if (name && (!*name || *name == '.' || name[strspn(name, allowed)]))
        return error_set(err,
                         "--name: '%s' is no name of a kernel: use letters, digits, "
                         "'-', '_' and '.'",
                         name);
    if (settings->start && !method_find(settings->start, err))
        return error_prefix(err, "--start");
    return 0;
}

static int install_one(const struct settings *settings, const struct parts *parts,
                       struct spec *spec, const char *kernels, struct error *err)
{
    bool is_one = settings->ranks.count == 1;
    const char *base = settings->display_name ? settings->display_name : "MPI Python";
    char *name, *display, *share;
    int rc;

    name = settings->name && is_one
               ? xstrdup(settings->name)
               : xasprintf("%s-%d", settings->name ? settings->name : "rankbook",
                           spec->ranks);
    display = settings->display_name && is_one
                  ? xstrdup(base)
                  : xasprintf("%s (%d rank%s)", base, spec->ranks,
                              spec->ranks == 1 ? "" : "s");
    share = xasprintf("%s/kernels", parts->share);
    spec->name = name;
    spec->display_name = display;
    if ((rc = spec_install(spec, share, kernels, err)) == 0)
        printf("%s: %s/%s\n", display, kernels, name);
    free(name);
    free(display);
    free(share);
    return rc;
}

static bool has_debugpy(char *python)
{
    char *const argv[] = { python, "-c", "import debugpy", NULL };
    struct buf output = { 0 };
    int rc = capture_run(argv, environ, PYTHON_SECONDS, &output, NULL);

    buf_clear(&output);
    return rc == 0;
}

static int install(struct settings *settings, struct error *err)
{
    struct parts parts = { 0 };
    struct spec spec = { .start = settings->start,
                         .mpiexec = getenv("RANKBOOK_MPIEXEC") };
    char *python = NULL, *kernels = NULL;
    int rc = -1;

    if (parts_init(&parts, err) < 0 || !(python = parts_python(settings->python, err)))
        goto done;
    if (settings->prefix)
        kernels = xasprintf("%s/share/jupyter/kernels", settings->prefix);
    else
        kernels = settings->is_python ? spec_python_dir(python) : spec_user_dir();
    spec.program = parts.self;
    spec.python = python;
    spec.debugs = has_debugpy(python);
    rc = 0;
    for (int i = 0; rc == 0 && i < settings->ranks.count; i++) {
        spec.ranks = settings->ranks.list[i];
        rc = install_one(settings, &parts, &spec, kernels, err);
    }
done:
    parts_clear(&parts);
    free(python);
    free(kernels);
    return rc;
}

int install_main(int argc, char **argv)
{
    struct settings settings = { 0 };
    struct error err;
    int rc = options_parse(&table, argc, argv, &settings, &err);

    if (rc == 0)
        return 0;
    if (!settings.ranks.count)
        add_default_sizes(&settings.ranks);
    if (rc < 0 || check(&settings, &err) < 0 || install(&settings, &err) < 0)
        return command_fail(&err);
    return 0;
}
