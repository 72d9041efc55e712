/* ranks.c - the processes that the launcher started for the ranks */
#include "launcher/ranks.h"

#include <assert.h>
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
#define LOOK_MS 10   /* for what is left of the ranks before */
#define GONE_MS 5000 /* SIGKILL takes no longer */

struct ranks {
    struct loop *loop;
    struct ranks_setup setup;
    struct ranks_calls calls;
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
    char *secret;            /* of those to be started; NULL: none are */
    int wanted;              /* how many */
    struct loop_watch *look; /* timer: the ranks before may be gone by now */
    int64_t patience;        /* when to give that up */
    char *failure;           /* not all could be started */
};

struct ranks *ranks_create(struct loop *loop, const struct ranks_setup *setup,
                           const struct ranks_calls *calls)
{
    struct ranks *ranks = xcalloc(1, sizeof(*ranks));
    char *path = xasprintf("%s/log/mpiexec.log", setup->run);

    ranks->loop = loop;
    ranks->setup = *setup;
    ranks->calls = *calls;
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
    loop_remove(ranks->loop, ranks->look);
    if (ranks->log >= 0)
        close(ranks->log);
    free(ranks->pids);
    free(ranks->secret);
    free(ranks->failure);
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
    strings_set_env(&env, "RANKBOOK_SECRET", ranks->secret);
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

static void signal_groups(struct ranks *ranks, int signal)
{
    for (int i = 0; i < ranks->count; i++)
        if (ranks->pids[i] > 0)
            kill(-ranks->pids[i], signal);
}

void ranks_kill_now(struct ranks *ranks, pid_t spared)
{
    int found;

    ranks_cancel(ranks);
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
    ranks_cancel(ranks);
    if (ranks->timer)
        return;
    signal_groups(ranks, SIGTERM);
    ranks->spared = spared;
    ranks->timer = loop_add_timer(ranks->loop, KILL_AFTER_MS, 0, on_timer, ranks);
}

/* The processes; -1 when none, or not all, could be started. */
static int start_processes(struct ranks *ranks, struct error *err)
{
    struct job job = { ranks->setup.mpiexec, ranks->setup.keeper, ranks->wanted };
    int ends[2], rc = 0;

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
    for (int i = 0; rc == 0 && i < ranks->count; i++)
        rc = start_process(ranks, &job, i, ends[1], err);
    close(ends[1]);
    return rc;
}

static void start_failed(struct ranks *ranks, const char *why)
{
    free(ranks->secret);
    ranks->secret = NULL;
    ranks->calls.failed(why, ranks->calls.arg);
}

static void start_now(struct ranks *ranks)
{
    struct error err = { "" };

    if (start_processes(ranks, &err) < 0 && ranks->running == 0) {
        start_failed(ranks, err.text);
        return;
    }
    free(ranks->secret);
    ranks->secret = NULL;
    if (!*err.text) {
        log_info("%d ranks started by %s", ranks->wanted,
                 method_name(ranks->setup.method));
        return;
    }
    ranks->failure = xstrdup(err.text);
    ranks_kill(ranks, ranks->spared);
}

static void on_look(struct loop *loop, void *arg)
{
    struct ranks *ranks = arg;

    ranks->look = NULL;
    if (process_signal_run(ranks->setup.run, SIGKILL, ranks->spared) == 0)
        start_now(ranks);
    else if (loop_now() < ranks->patience)
        ranks->look = loop_add_timer(loop, LOOK_MS, 0, on_look, ranks);
    else
        start_failed(ranks, "the ranks before do not end by SIGKILL");
}

void ranks_start(struct ranks *ranks, int count, const char *secret, pid_t spared)
{
    assert(!ranks->running && !ranks->secret);
    stop_timer(ranks);
    free(ranks->failure);
    ranks->failure = NULL;
    ranks->secret = xstrdup(secret);
    ranks->wanted = count;
    ranks->spared = spared;
    ranks->patience = loop_now() + GONE_MS;
    if (ranks->count)
        on_look(ranks->loop, ranks);
    else
        start_now(ranks);
}

void ranks_cancel(struct ranks *ranks)
{
    if (!ranks->look)
        return;
    loop_remove(ranks->loop, ranks->look);
    ranks->look = NULL;
    start_failed(ranks, "they were ended before they were started");
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
        if (ranks->failure)
            ranks->calls.failed(ranks->failure, ranks->calls.arg);
        else
            ranks->calls.exited(ranks->status, text, ranks->calls.arg);
        return true;
    }
    return false;
}
