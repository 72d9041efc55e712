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
#include "kernel/page/page.h"

#define MPI_FILES "/dev/shm/mpich_shm_"
#define FAULT_MAX 16384

extern char **environ;

struct interpreter {
    pid_t pid;   /* 0 once reaped */
    pid_t group; /* 0 once nothing is left of it */
    int fault_fd;
    int stack_fd;
    char **files; /* MPI's, in shared memory */
    size_t file_count;
};

/* What the interpreter finds by its environment; the last has no name. */
struct inherited {
    const char *name;
    int fd;
};

/* The environment without the secret, and with the descriptors. */
static char **make_environment(const struct inherited *extra)
{
    size_t count = 0, more = 0, used = 0;
    char **env;

    while (environ[count])
        count++;
    while (extra[more].name)
        more++;
    env = xcalloc(count + more + 1, sizeof(*env));
    for (size_t i = 0; i < more; i++)
        env[used++] = xasprintf("%s=%d", extra[i].name, extra[i].fd);
    for (size_t i = 0; i < count; i++) {
        if (strncmp(environ[i], "RANKBOOK_SECRET=", 16) != 0)
            env[used++] = environ[i];
    }
    return env;
}

static void free_environment(char **env, const struct inherited *extra)
{
    for (size_t i = 0; extra[i].name; i++)
        free(env[i]);
    free(env);
}

/* Between fork() and exec(): system calls only. */
static void run_child(const char *program, const struct interpreter_fds *fds,
                      const struct inherited *extra, char **env, pid_t keeper)
{
    char *const args[] = { (char *)program, NULL };
    int null = open("/dev/null", O_RDONLY);

    setsid();
    platform_die_with(SIGKILL, keeper);
    loop_child_signals();
    dup2(null, 0);
    dup2(fds->output[0], 1);
    dup2(fds->output[1], 2);
    for (; extra->name; extra++)
        fcntl(extra->fd, F_SETFD, 0);
    execve(program, args, env);
    dprintf(2, "run %s: %s\n", program, strerror(errno));
    _exit(127);
}

struct interpreter *interpreter_create(const char *program,
                                       const struct interpreter_fds *fds,
                                       struct error *err)
{
    struct interpreter *interpreter = xcalloc(1, sizeof(*interpreter));
    int fault_fd = platform_memfd("rankbook-fault", 0, err);
    int stack_fd = platform_memfd("rankbook-stack", 0, err);
    const struct inherited extra[] = {
        { "RANKBOOK_PAGE_FD", fds->page },
        { "RANKBOOK_RECORD_FD", fds->record },
        { "RANKBOOK_FAULT_FD", fault_fd },
        { "RANKBOOK_STACK_FD", stack_fd },
        { NULL, -1 },
    };
    pid_t keeper = getpid();
    char **env;

    interpreter->fault_fd = fault_fd;
    interpreter->stack_fd = stack_fd;
    if (fault_fd < 0 || stack_fd < 0)
        goto error;
    env = make_environment(extra);
    interpreter->pid = fork();
    if (interpreter->pid == 0)
        run_child(program, fds, extra, env, keeper);
    free_environment(env, extra);
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
    if (interpreter->stack_fd >= 0)
        close(interpreter->stack_fd);
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

static void read_frames(int fd, struct buf *out)
{
    char *text = buf_reserve(out, FAULT_MAX);
    ssize_t size = pread(fd, text, FAULT_MAX, 0);

    if (size <= 0)
        return;
    out->size += (size_t)size;
    buf_add(out, "", 0); /* ends it with a NUL */
}

void interpreter_fault(const struct interpreter *interpreter, struct buf *out)
{
    read_frames(interpreter->fault_fd, out);
}

/* A signal that nobody catches would end it; its handler writes where the descriptor
 * stands, which is shared. */
void interpreter_ask_stack(struct interpreter *interpreter)
{
    const uint64_t bit = 1ull << (PAGE_STACK_SIGNAL - 1);
    struct platform_thread thread;

    if (ftruncate(interpreter->stack_fd, 0) < 0
        || lseek(interpreter->stack_fd, 0, SEEK_SET) < 0 || interpreter->pid <= 0
        || platform_main_thread(interpreter->pid, &thread) < 0
        || !(thread.caught & bit))
        return;
    platform_signal_main(interpreter->pid, PAGE_STACK_SIGNAL);
}

void interpreter_stack(const struct interpreter *interpreter, struct buf *out)
{
    read_frames(interpreter->stack_fd, out);
}
