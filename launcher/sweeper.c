/* sweeper.c - the process that cleans up after a run, however the run ends */
#include "launcher/sweeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "kernel/base/log.h"
#include "kernel/base/loop.h"
#include "kernel/base/mem.h"
#include "launcher/files.h"
#include "launcher/process.h"
#include "launcher/stale.h"

/* Ranks that lost their front end themselves; after that they are killed. */
#define GRACE_MS 3000
#define POLL_MS 50

struct sweeper {
    pid_t pid;
    int pipe; /* closed: sweep; a byte before that: keep the logs */
    char *run;
    time_t since;
};

/* Leaves everything that would keep others from seeing the launcher's end. */
static void detach(int keep)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    loop_child_signals();
    signal(SIGINT, SIG_IGN);
    signal(SIGTERM, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    setsid();
    prctl(PR_SET_NAME, "rankbook-sweep");
    for (int fd = 0; fd < 3; fd++)
        dup2(null, fd);
    if (keep > 3)
        close_range(3, (unsigned)keep - 1, 0);
    close_range((unsigned)keep + 1, ~0U, 0);
    if (chdir("/") < 0)
        return; /* stays where it is: a mount that cannot be left for a while */
}

static void sweep(const char *run, time_t since, bool keep)
{
    int64_t end = loop_now() + GRACE_MS;

    while (process_signal_run(run, 0, 0) > 0 && loop_now() < end)
        poll(NULL, 0, POLL_MS);
    for (end = loop_now() + GRACE_MS;
         process_signal_run(run, SIGKILL, 0) > 0 && loop_now() < end;)
        poll(NULL, 0, POLL_MS);
    stale_remove("/dev/shm", since);
    if (keep)
        files_remove_others(run, "log");
    else
        files_remove_tree(run);
}

static _Noreturn void sweeper_main(const char *run, time_t since, int pipe)
{
    bool keep = false;
    ssize_t size;
    char byte;

    detach(pipe);
    while ((size = read(pipe, &byte, 1)) != 0)
        if (size > 0)
            keep = true;
        else if (errno != EINTR)
            break;
    sweep(run, since, keep);
    _exit(0);
}

struct sweeper *sweeper_start(const char *run, struct error *err)
{
    struct sweeper *sweeper;
    time_t since = time(NULL);
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) < 0) {
        error_set(err, "make a pipe: %s", strerror(errno));
        return NULL;
    }
    if ((pid = fork()) < 0) {
        error_set(err, "fork: %s", strerror(errno));
        close(ends[0]);
        close(ends[1]);
        return NULL;
    }
    if (pid == 0)
        sweeper_main(run, since, ends[0]);
    close(ends[0]);
    sweeper = xcalloc(1, sizeof(*sweeper));
    sweeper->pid = pid;
    sweeper->pipe = ends[1];
    sweeper->run = xstrdup(run);
    sweeper->since = since;
    return sweeper;
}

pid_t sweeper_pid(const struct sweeper *sweeper)
{
    return sweeper->pid;
}

void sweeper_finish(struct sweeper *sweeper, bool keep)
{
    int status = -1;
    pid_t pid;

    if (!sweeper)
        return;
    if (keep && write(sweeper->pipe, "k", 1) < 0)
        log_warning("the sweeper does not listen");
    close(sweeper->pipe);
    while ((pid = waitpid(sweeper->pid, &status, 0)) < 0 && errno == EINTR)
        ;
    if (pid < 0 || status != 0) /* it was killed */
        sweep(sweeper->run, sweeper->since, keep);
    free(sweeper->run);
    free(sweeper);
}
