/* main.c - rankbook-interpreter: the process that runs Python and MPI
 *
 *     rankbook-interpreter            for a keeper, which says the rest by descriptors
 *     rankbook-interpreter -- ARGS    what "python3 ARGS" does, with our mpi4py
 */
#include <Python.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/platform.h"
#include "kernel/interpreter/inbox.h"
#include "kernel/interpreter/module.h"
#include "kernel/interpreter/mpi.h"
#include "kernel/interpreter/outbox.h"
#include "kernel/interpreter/places.h"
#include "kernel/interpreter/python.h"

/* What malloc() comes to by itself, once a program has freed blocks so large. */
#define MEMORY_KEPT 32

static const char no_mpi[] =
    "this kernel was started without MPI (--start none); for mpi4py, start it with "
    "--start mpiexec, which is the default";

static bool is_method_none(void)
{
    const char *method = getenv("RANKBOOK_METHOD");

    return method && !strcmp(method, "none");
}

/* Why mpi4py is not ours: a text, "" for the environment's own, NULL when it is. */
static const char *mpi4py_refusal(bool is_kernel)
{
    const char *which = getenv("RANKBOOK_MPI4PY");

    if (is_method_none() && is_kernel)
        return no_mpi;
    return which && !strcmp(which, "installed") ? "" : NULL;
}

static int fail(const struct error *err)
{
    fprintf(stderr, "rankbook-interpreter: %s\n", err->text);
    return 1;
}

/* ---- scripts ---- */

static struct sigaction python_action;

/* MPI calls that wait are ended, then Python raises KeyboardInterrupt. */
static void on_interrupt(int signal, siginfo_t *info, void *context)
{
    mpi_interrupt();
    if (python_action.sa_flags & SA_SIGINFO)
        python_action.sa_sigaction(signal, info, context);
    else if (python_action.sa_handler != SIG_DFL && python_action.sa_handler != SIG_IGN)
        python_action.sa_handler(signal);
}

static void chain_interrupt(void)
{
    struct sigaction action = { .sa_sigaction = on_interrupt, .sa_flags = SA_SIGINFO };

    if (sigaction(SIGINT, NULL, &python_action) < 0
        || python_action.sa_handler == SIG_IGN || python_action.sa_handler == SIG_DFL)
        return;
    action.sa_mask = python_action.sa_mask;
    sigaction(SIGINT, &action, NULL);
}

static int run_script(int count, char **args)
{
    char *library = places_part("libmpiwait.so");
    struct error err = { "" };

    if (!is_method_none() && access(library, R_OK) == 0 && mpi_load(library, &err) < 0)
        return fail(&err);
    free(library);
    if (python_start(count, args, &err) < 0
        || python_find_ours(mpi4py_refusal(false), &err) < 0)
        return fail(&err);
    if (mpi_is_loaded())
        chain_interrupt();
    return Py_RunMain();
}

/* ---- the kernel ---- */

/* The number in a variable, which children do not see. */
static int take_fd(const char *name, struct error *err)
{
    const char *text = getenv(name);
    int fd = text ? atoi(text) : -1;

    if (fd < 3 || platform_set_cloexec(fd) < 0)
        return error_set(err,
                         "%s is not a descriptor; a keeper starts this program, or "
                         "\"rankbook-interpreter -- SCRIPT\" runs a script",
                         name);
    unsetenv(name);
    return fd;
}

static const char *const cloexec_names[] = { "PMI_FD", "RANKBOOK_FAULT_FD",
                                             "RANKBOOK_STACK_FD" };

static int prepare(struct error *err)
{
    int page_fd = take_fd("RANKBOOK_PAGE_FD", err), record_fd;
    const char *refusal = mpi4py_refusal(true);
    struct page *page;

    if (page_fd < 0 || (record_fd = take_fd("RANKBOOK_RECORD_FD", err)) < 0
        || !(page = page_attach(page_fd, err)) || inbox_open(record_fd, err) < 0
        || outbox_open(record_fd, page, err) < 0)
        return -1;
    close(page_fd);
    for (size_t i = 0; i < sizeof(cloexec_names) / sizeof(*cloexec_names); i++) {
        if (getenv(cloexec_names[i]))
            platform_set_cloexec(atoi(getenv(cloexec_names[i])));
    }
    if (!is_method_none())
        mpi_load_begin(places_part("libmpiwait.so"), page);
    if (module_register(page, record_fd) < 0)
        return error_set(err, "register the built-in module");
    return python_start(0, NULL, err) < 0 || python_find_ours(refusal, err) < 0 ? -1
                                                                                : 0;
}

/* A child that the user's code starts must not be surprised by an output that is
 * not there yet; its own comes by another way. */
static int on_audit(const char *event, PyObject *args, void *data)
{
    static const char *const starts[] = { "subprocess.Popen", "os.system",
                                          "os.posix_spawn", "os.exec" };

    if (event[0] != 's' && event[0] != 'o')
        return 0;
    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        if (!strcmp(event, starts[i]))
            outbox_settle();
    }
    return 0;
}

/* Children have it too: who is still in this session is of this kernel, and ends with
 * it, whoever has to see to that (launcher/process.h). */
static void name_session(void)
{
    char number[16];

    snprintf(number, sizeof(number), "%d", (int)getpid());
    setenv("RANKBOOK_SESSION", number, 1);
}

static int run_kernel(void)
{
    struct error err = { "" };
    PyObject *module, *result = NULL;
    int status = 0;

    name_session();
    platform_keep_memory(MEMORY_KEPT);
    signal(SIGINT, SIG_IGN); /* until the shell takes it */
    PySys_AddAuditHook(on_audit, NULL);
    if (prepare(&err) < 0)
        return fail(&err);
    if ((module = PyImport_ImportModule("rankbook_shell")))
        result = PyObject_CallMethod(module, "main", NULL);
    if (!result) {
        PyErr_Print();
        status = 1;
    }
    Py_XDECREF(result);
    Py_XDECREF(module);
    return Py_FinalizeEx() < 0 ? 1 : status;
}

int main(int argc, char **argv)
{
    if (argc > 1 && !strcmp(argv[1], "--")) {
        argv[1] = argv[0];
        return run_script(argc - 1, argv + 1);
    }
    if (argc > 1) {
        fprintf(stderr,
                "rankbook-interpreter: unknown argument \"%s\"; write "
                "rankbook-interpreter -- SCRIPT\n",
                argv[1]);
        return 2;
    }
    return run_kernel();
}
