/* interpreter.c - the process that runs Python and MPI for this rank */
#include "kernel/keeper/interpreter.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/loop.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"

#define MPI_FILES "/dev/shm/mpich_shm_"
#define FAULT_MAX 16384

extern char **environ;

struct interpreter {
    pid_t pid;   /* 0 once reaped */
    pid_t group; /* 0 once nothing is left of it */
    int fault_fd;
    char **files; /* MPI's, in shared memory */
    size_t file_count;
};

/* The environment without the secret, and with the descriptors. */
static char **make_environment(const struct interpreter_fds *fds, int fault_fd)
{
    const struct {
        const char *name;
        int fd;
    } extra[] = {
        { "RANKBOOK_PAGE_FD", fds->page },
        { "RANKBOOK_RECORD_FD", fds->record },
        { "RANKBOOK_FAULT_FD", fault_fd },
    };
    size_t count = 0, used = 0;
    char **env;

    while (environ[count])
        count++;
    env = xcalloc(count + 4, sizeof(*env));
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "RANKBOOK_SECRET=", 16) != 0)
            env[used++] = environ[i];
    }
    for (size_t i = 0; i < 3; i++)
        env[used++] = xasprintf("%s=%d", extra[i].name, extra[i].fd);
    return env;
}

static void free_environment(char **env)
{
    size_t count = 0;

    while (env[count])
        count++;
    for (size_t i = 1; i <= 3; i++)
        free(env[count - i]);
    free(env);
}

/* Between fork() and exec(): system calls only. */
static void run_child(const char *program, const struct interpreter_fds *fds,
                      int fault_fd, char **env, pid_t keeper)
{
    char *const args[] = { (char *)program, NULL };
    const int kept[] = { fds->page, fds->record, fault_fd };
    int null = open("/dev/null", O_RDONLY);

    setsid();
    platform_die_with(SIGKILL, keeper);
    loop_child_signals();
    dup2(null, 0);
    dup2(fds->output[0], 1);
    dup2(fds->output[1], 2);
    for (size_t i = 0; i < sizeof(kept) / sizeof(*kept); i++)
        fcntl(kept[i], F_SETFD, 0);
    execve(program, args, env);
    dprintf(2, "run %s: %s\n", program, strerror(errno));
    _exit(127);
}

struct interpreter *interpreter_create(const char *program,
                                       const struct interpreter_fds *fds,
                                       struct error *err)
{
    struct interpreter *interpreter = xcalloc(1, sizeof(*interpreter));
    pid_t keeper = getpid();
    char **env;

    interpreter->fault_fd = platform_memfd("rankbook-fault", 0, err);
    if (interpreter->fault_fd < 0)
        goto error;
    env = make_environment(fds, interpreter->fault_fd);
    interpreter->pid = fork();
    if (interpreter->pid == 0)
        run_child(program, fds, interpreter->fault_fd, env, keeper);
    free_environment(env);
    if (interpreter->pid < 0) {
        interpreter->pid = 0;
        error_set(err, "fork: %s", strerror(errno));
        goto error;
    }
    interpreter->group = interpreter->pid;
    return interpreter;
error:
    interpreter_destroy(interpreter);
    return NULL;
}

void interpreter_destroy(struct interpreter *interpreter)
{
    if (!interpreter)
        return;
    interpreter_signal(interpreter, SIGKILL);
    if (interpreter->pid > 0)
        waitpid(interpreter->pid, NULL, 0);
    if (interpreter->fault_fd >= 0)
        close(interpreter->fault_fd);
    for (size_t i = 0; i < interpreter->file_count; i++)
        free(interpreter->files[i]);
    free(interpreter->files);
    free(interpreter);
}

pid_t interpreter_pid(const struct interpreter *interpreter)
{
    return interpreter->group;
}

void interpreter_signal(struct interpreter *interpreter, int signal)
{
    if (interpreter->group <= 0)
        return;
    /* before its setsid() the child has no group yet */
    if (kill(-interpreter->group, signal) < 0 && interpreter->pid > 0)
        kill(interpreter->pid, signal);
    if (interpreter->pid <= 0) /* the number can go to somebody else from now on */
        interpreter->group = 0;
}

int interpreter_reap(struct interpreter *interpreter, int *status, double *cpu)
{
    struct rusage usage;

    if (interpreter->pid <= 0
        || wait4(interpreter->pid, status, WNOHANG, &usage) != interpreter->pid)
        return 0;
    interpreter->pid = 0;
    *cpu = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec)
           + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    return 1;
}

static void note_file(const char *path, void *arg)
{
    struct interpreter *interpreter = arg;
    size_t count = interpreter->file_count + 1;

    interpreter->files =
        xrealloc(interpreter->files, count * sizeof(*interpreter->files));
    interpreter->files[interpreter->file_count++] = xstrdup(path);
}

void interpreter_note_files(struct interpreter *interpreter)
{
    platform_maps_files(interpreter->pid, MPI_FILES, note_file, interpreter);
}

void interpreter_remove_files(struct interpreter *interpreter)
{
    for (size_t i = 0; i < interpreter->file_count; i++)
        unlink(interpreter->files[i]);
}

void interpreter_fault(const struct interpreter *interpreter, struct buf *out)
{
    char *text = buf_reserve(out, FAULT_MAX);
    ssize_t size = pread(interpreter->fault_fd, text, FAULT_MAX, 0);

    if (size <= 0)
        return;
    out->size += (size_t)size;
    buf_add(out, "", 0); /* ends it with a NUL */
}
