/* ranks.c - the processes that the launcher started for the ranks */
#include "launcher/ranks.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/base/platform.h"
#include "launcher/child.h"
#include "launcher/process.h"
#include "launcher/tail.h"

#define KILL_AFTER_MS 500

struct ranks {
    struct loop *loop;
    struct ranks_setup setup;
    ranks_f call;
    void *arg;
    pid_t *pids; /* 0: has ended */
    int count;
    int running;
    int status; /* the first that is not 0 */
    int output; /* the pipe's end, -1 */
    int log;    /* log/mpiexec.log, -1 */
    struct loop_watch *watch;
    struct loop_watch *timer; /* of a kill */
    pid_t spared;
    struct tail tail;
};

struct ranks *ranks_create(struct loop *loop, const struct ranks_setup *setup,
                           ranks_f call, void *arg)
{
    struct ranks *ranks = xcalloc(1, sizeof(*ranks));
    char *path = xasprintf("%s/log/mpiexec.log", setup->run);

    ranks->loop = loop;
    ranks->setup = *setup;
    ranks->call = call;
    ranks->arg = arg;
    ranks->output = -1;
    ranks->log = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    free(path);
    return ranks;
}

static void close_output(struct ranks *ranks)
{
    if (ranks->output < 0)
        return;
    loop_remove(ranks->loop, ranks->watch);
    ranks->watch = NULL;
    close(ranks->output);
    ranks->output = -1;
}

static void stop_timer(struct ranks *ranks)
{
    loop_remove(ranks->loop, ranks->timer);
    ranks->timer = NULL;
}

void ranks_destroy(struct ranks *ranks)
{
    if (!ranks)
        return;
    close_output(ranks);
    stop_timer(ranks);
    if (ranks->log >= 0)
        close(ranks->log);
    free(ranks->pids);
    free(ranks);
}

bool ranks_is_running(const struct ranks *ranks)
{
    return ranks->running > 0;
}

/* Reads what is there.  False when nothing will come any more. */
static bool read_output(struct ranks *ranks)
{
    char data[4096];
    ssize_t size;

    while ((size = read(ranks->output, data, sizeof(data))) > 0) {
        tail_add(&ranks->tail, data, (size_t)size);
        if (ranks->log >= 0 && write(ranks->log, data, (size_t)size) < 0) {
            log_warning("mpiexec.log: %s; its output is no longer kept",
                        strerror(errno));
            close(ranks->log);
            ranks->log = -1;
        }
    }
    return size < 0 && (errno == EAGAIN || errno == EINTR);
}

static void on_output(struct loop *loop, void *arg)
{
    struct ranks *ranks = arg;

    if (!read_output(ranks))
        close_output(ranks);
}

static int start_process(struct ranks *ranks, const struct job *job, int idx,
                         int output, struct error *err)
{
    const struct method *method = ranks->setup.method;
    struct strings argv = { 0 }, env = { 0 };
    struct child child = { .output = output, .keep = -1, .is_group = true };

    strings_add_list(&env, ranks->setup.env->list);
    method_argv(method, job, idx, &argv);
    method_env(method, job, idx, &env);
    child.argv = argv.list;
    child.env = env.list;
    ranks->pids[idx] = child_start(&child, err);
    strings_clear(&argv);
    strings_clear(&env);
    if (ranks->pids[idx] < 0) {
        ranks->pids[idx] = 0;
        return -1;
    }
    ranks->running++;
    return 0;
}

/* The file where the ranks before these have met. */
static void remove_meeting(const struct ranks *ranks)
{
    char *path = xasprintf("%s/meeting", ranks->setup.run);

    unlink(path);
    free(path);
}

int ranks_start(struct ranks *ranks, int count, struct error *err)
{
    struct job job = { ranks->setup.mpiexec, ranks->setup.keeper, count };
    int ends[2];

    if (ranks->running)
        return error_set(err, "the ranks are still running");
    if (ranks->timer) /* strays of the ranks before */
        ranks_kill_now(ranks, ranks->spared);
    close_output(ranks);
    if (pipe2(ends, O_CLOEXEC) < 0)
        return error_set(err, "make a pipe: %s", strerror(errno));
    remove_meeting(ranks);
    platform_set_nonblock(ends[0]);
    ranks->output = ends[0];
    ranks->watch = loop_add_fd(ranks->loop, ends[0], on_output, ranks);
    ranks->tail.size = 0;
    ranks->status = 0;
    ranks->count = method_processes(ranks->setup.method, &job);
    free(ranks->pids);
    ranks->pids = xcalloc((size_t)ranks->count, sizeof(*ranks->pids));
    for (int i = 0; i < ranks->count; i++) {
        if (start_process(ranks, &job, i, ends[1], err) < 0) {
            close(ends[1]);
            ranks_kill(ranks, 0);
            return -1;
        }
    }
    close(ends[1]);
    return 0;
}

static void signal_groups(struct ranks *ranks, int signal)
{
    for (int i = 0; i < ranks->count; i++)
        if (ranks->pids[i] > 0)
            kill(-ranks->pids[i], signal);
}

void ranks_kill_now(struct ranks *ranks, pid_t spared)
{
    int found;

    stop_timer(ranks);
    signal_groups(ranks, SIGKILL);
    if ((found = process_signal_run(ranks->setup.run, SIGKILL, spared)))
        log_warning("killed %d processes of the ranks", found);
}

static void on_timer(struct loop *loop, void *arg)
{
    struct ranks *ranks = arg;

    ranks->timer = NULL; /* the loop has removed it */
    ranks_kill_now(ranks, ranks->spared);
}

void ranks_kill(struct ranks *ranks, pid_t spared)
{
    if (ranks->timer)
        return;
    signal_groups(ranks, SIGTERM);
    ranks->spared = spared;
    ranks->timer = loop_add_timer(ranks->loop, KILL_AFTER_MS, 0, on_timer, ranks);
}

bool ranks_reap(struct ranks *ranks, pid_t pid, int status)
{
    char text[ORDER_TEXT_MAX];

    for (int i = 0; i < ranks->count; i++) {
        if (ranks->pids[i] != pid)
            continue;
        ranks->pids[i] = 0;
        if (!ranks->status)
            ranks->status = status;
        if (--ranks->running > 0)
            return true;
        if (ranks->output >= 0 && !read_output(ranks))
            close_output(ranks);
        tail_text(&ranks->tail, text, sizeof(text));
        ranks->call(ranks->status, text, ranks->arg);
        return true;
    }
    return false;
}
