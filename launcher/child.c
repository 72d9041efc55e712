/* child.c - starting one process of ours */
#include "launcher/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/loop.h"
#include "kernel/base/platform.h"

/* Between fork() and exec(); returns only when something failed. */
static void become(const struct child *child, pid_t parent)
{
    int null;

    loop_child_signals();
    if (platform_die_with(SIGTERM, parent) < 0)
        return;
    if (child->is_group && setpgid(0, 0) < 0)
        return;
    if ((null = open("/dev/null", O_RDONLY | O_CLOEXEC)) < 0 || dup2(null, 0) < 0)
        return;
    if (child->output >= 0
        && (dup2(child->output, 1) < 0 || dup2(child->output, 2) < 0))
        return;
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC); /* whatever our own parent left open */
    if (child->keep >= 0 && fcntl(child->keep, F_SETFD, 0) < 0)
        return;
    execve(child->argv[0], child->argv, child->env);
}

pid_t child_start(const struct child *child, struct error *err)
{
    pid_t pid, parent = getpid();
    int failed[2], why = 0;
    ssize_t size;

    /* exec() closes the pipe; what comes through it is the errno of a failure. */
    if (pipe2(failed, O_CLOEXEC) < 0)
        return error_set(err, "start %s: %s", child->argv[0], strerror(errno));
    if ((pid = fork()) < 0) {
        error_set(err, "start %s: %s", child->argv[0], strerror(errno));
        close(failed[0]);
        close(failed[1]);
        return -1;
    }
    if (pid == 0) {
        become(child, parent);
        why = errno;
        size = write(failed[1], &why, sizeof(why));
        _exit(size > 0 ? 127 : 126);
    }
    close(failed[1]);
    do
        size = read(failed[0], &why, sizeof(why));
    while (size < 0 && errno == EINTR);
    close(failed[0]);
    if (size == 0)
        return pid;
    waitpid(pid, NULL, 0);
    return error_set(err, "start %s: %s", child->argv[0], strerror(why));
}
