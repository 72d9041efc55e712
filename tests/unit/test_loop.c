/* test_loop.c - one thread that waits for many things
 *
 * A watchdog timer ends a loop that would wait for ever; a check then fails.
 */
#include "kernel/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define WATCHDOG_MS 5000

/* What the callbacks of one check share. */
static struct {
    struct loop *loop;
    struct loop_watch *watch;
    struct loop_watch *other;
    int fd;
    int calls;
    int limit;
    int others;
    bool bitten;
    char order[64];
} now;

static void bite(struct loop *loop, void *arg)
{
    now.bitten = true;
    loop_stop(loop);
}

static void begin(void)
{
    memset(&now, 0, sizeof(now));
    now.loop = loop_create();
    loop_add_timer(now.loop, WATCHDOG_MS, 0, bite, NULL);
}

/* Runs the loop to its end; false when the watchdog had to end it. */
static bool run(void)
{
    return loop_run(now.loop) == 0 && !now.bitten;
}

static void note(const char *what)
{
    strncat(now.order, what, sizeof(now.order) - strlen(now.order) - 1);
}

static void on_stop(struct loop *loop, void *arg)
{
    loop_stop(loop);
}

static void on_note(struct loop *loop, void *arg)
{
    note(arg);
}

/* ---- descriptors ---- */

static void on_byte(struct loop *loop, void *arg)
{
    char byte;

    if (read(now.fd, &byte, 1) <= 0 || ++now.calls == now.limit)
        loop_stop(loop);
}

static void check_fds(void)
{
    int pair[2];

    begin();
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0)
        return;
    now.fd = pair[0];
    now.limit = 3;
    loop_add_fd(now.loop, pair[0], on_byte, NULL);
    ok(write(pair[1], "abc", 3) == 3 && run(), "a readable descriptor is called for");
    is_int(now.calls, 3, "until nothing is left to read");
    ok(write(pair[1], "d", 1) == 1, "a loop can run again");
    now.limit = 4;
    ok(run() && now.calls == 4, "and goes on where it was");
    close(pair[1]);
    ok(run() && now.calls == 4, "a hang-up is called for, once the bytes are read");
    close(pair[0]);
    loop_destroy(now.loop);
}

static void on_writable(struct loop *loop, void *arg)
{
    now.calls++;
    loop_remove(loop, now.watch);
    loop_stop(loop);
}

static void check_out(void)
{
    static char bytes[65536];
    int pair[2], sent = 0;

    begin();
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return;
    while (write(pair[0], bytes, sizeof(bytes)) > 0)
        sent++;
    now.watch = loop_add_fd_out(now.loop, pair[0], on_writable, NULL);
    now.other = loop_add_timer(now.loop, 5, 0, on_stop, NULL);
    ok(run() && now.calls == 0, "a full descriptor is not called for");
    while (read(pair[1], bytes, sizeof(bytes)) > 0)
        ;
    ok(run() && now.calls == 1, "it is when there is room");
    loop_add_timer(now.loop, 5, 0, on_stop, NULL);
    ok(run() && now.calls == 1, "a watch that removed itself is not called again");
    close(pair[0]);
    close(pair[1]);
    loop_destroy(now.loop);
}

static void on_rival(struct loop *loop, void *arg)
{
    now.calls++;
    loop_remove(loop, arg == &now.watch ? now.other : now.watch);
    loop_stop(loop);
}

static void check_removal(void)
{
    int pair[2];

    begin();
    if (pipe2(pair, O_CLOEXEC) < 0 || write(pair[1], "a", 1) != 1)
        return;
    now.watch = loop_add_fd(now.loop, pair[0], on_rival, &now.watch);
    now.other = loop_add_fd(now.loop, pair[0], on_rival, &now.other);
    ok(run() && now.calls == 1, "a watch removed in a round is not called in it");
    loop_remove(now.loop, NULL);
    loop_destroy(now.loop);
    loop_destroy(NULL);

    begin();
    now.watch = loop_add_fd(now.loop, pair[0], on_rival, NULL);
    loop_remove(now.loop, now.watch);
    loop_add_timer(now.loop, 5, 0, on_stop, NULL);
    ok(run() && now.calls == 0, "a watch can be removed before it was ever polled");
    close(pair[0]);
    close(pair[1]);
    loop_destroy(now.loop);
}

static void resume(struct loop *loop, void *arg)
{
    now.others = now.calls;
    loop_watch_pause(now.watch, 0);
}

static void check_pause(void)
{
    int pair[2];

    begin();
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0 || write(pair[1], "a", 1) != 1)
        return;
    now.fd = pair[0];
    now.limit = 1;
    now.watch = loop_add_fd(now.loop, pair[0], on_byte, NULL);
    loop_watch_pause(now.watch, 1);
    loop_add_timer(now.loop, 10, 0, resume, NULL);
    ok(run() && now.others == 0 && now.calls == 1, "a paused watch waits");
    close(pair[0]);
    close(pair[1]);
    loop_destroy(now.loop);
}

/* ---- timers ---- */

static void on_tick(struct loop *loop, void *arg)
{
    if (++now.calls == 3)
        loop_stop(loop);
}

static void on_again(struct loop *loop, void *arg)
{
    now.calls++;
    loop_add_timer(loop, 0, 0, on_again, NULL);
}

static void check_timers(void)
{
    int64_t start;

    begin();
    loop_add_timer(now.loop, 30, 0, on_stop, NULL);
    loop_add_timer(now.loop, 20, 0, on_note, "c");
    loop_add_timer(now.loop, 1, 0, on_note, "b");
    loop_add_timer(now.loop, 0, 0, on_note, "a");
    start = loop_now();
    ok(run(), "timers end a loop");
    is_str(now.order, "abc", "timers come in the order of their times");
    ok(loop_now() - start >= 30, "and not too early");
    loop_destroy(now.loop);

    begin();
    now.watch = loop_add_timer(now.loop, 2, 1, on_tick, NULL);
    ok(run() && now.calls == 3, "a repeating timer comes again");
    loop_remove(now.loop, now.watch);
    loop_add_timer(now.loop, 10, 0, on_stop, NULL);
    ok(run() && now.calls == 3, "until it is removed");
    loop_destroy(now.loop);

    begin();
    loop_add_timer(now.loop, 0, 0, on_again, NULL);
    loop_add_timer(now.loop, 5, 0, on_stop, NULL);
    ok(run() && now.calls > 1, "a timer that renews itself starves nobody");
    loop_destroy(now.loop);

    begin();
    now.watch = loop_add_timer(now.loop, 5, 0, on_tick, NULL);
    loop_watch_pause(now.watch, 1);
    loop_add_timer(now.loop, 20, 0, on_stop, NULL);
    ok(run() && now.calls == 0, "a paused timer waits");
    loop_destroy(now.loop);
}

static void check_ends(void)
{
    struct loop *loop = loop_create();

    is_int(loop_run(loop), 0, "a loop that watches nothing ends");
    loop_add_timer(loop, 1, 0, on_note, "");
    is_int(loop_run(loop), 0, "as it does after its last timer");
    loop_add_timer(loop, WATCHDOG_MS, 0, bite, NULL);
    loop_stop(loop);
    is_int(loop_run(loop), 0, "a loop that was stopped before ends at once");
    loop_destroy(loop);
}

static void check_idle(void)
{
    struct timespec before, after;
    double spent;

    begin();
    loop_add_timer(now.loop, 200, 0, on_stop, NULL);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
    run();
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
    spent = (double)(after.tv_sec - before.tv_sec)
            + (double)(after.tv_nsec - before.tv_nsec) / 1e9;
    ok(spent < 0.02, "a loop that waits 200 ms computes for less than a tenth of it");
    loop_destroy(now.loop);
}

/* ---- sources ---- */

static int is_ready(void *source)
{
    return *(int *)source;
}

static void on_source(struct loop *loop, void *arg)
{
    int *left = arg;

    note("m");
    if (--*left == 0)
        loop_stop(loop);
}

static void on_step(struct loop *loop, void *arg)
{
    char byte;

    note("f");
    if (read(now.fd, &byte, 1) == 1)
        now.others++;
}

/* Something comes to the source meanwhile, and its descriptor says nothing of it. */
static void on_more(struct loop *loop, void *arg)
{
    *(int *)arg = 2;
}

static void on_signal_byte(struct loop *loop, void *arg)
{
    char byte;

    note("s");
    if (read(now.fd, &byte, 1) == 1)
        loop_stop(loop);
}

static void check_sources(void)
{
    int pair[2], left = 5;

    begin();
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0 || write(pair[1], "ab", 2) != 2)
        return;
    now.fd = pair[0];
    now.watch = loop_add_source(now.loop, -1, is_ready, &left, on_source, &left);
    loop_add_fd(now.loop, pair[0], on_step, NULL);
    ok(run() && left == 0, "a source is called for as long as it has something");
    is_str(now.order, "mfmfmmm", "a descriptor gets its turn in between");
    loop_add_timer(now.loop, 0, 0, on_more, &left);
    ok(run() && left == 0, "it is asked before the loop sleeps");
    left = 1;
    loop_watch_pause(now.watch, 1);
    loop_add_timer(now.loop, 10, 0, on_stop, NULL);
    ok(run() && left == 1, "a paused source waits");
    loop_watch_pause(now.watch, 0);
    ok(run() && left == 0, "and goes on");
    loop_destroy(now.loop);
    close(pair[0]);
    close(pair[1]);
}

static int is_always(void *source)
{
    return 1;
}

static int is_never(void *source)
{
    return 0;
}

/* Its descriptor can be read, and yet nothing is there. */
static void check_idle_source(void)
{
    int pair[2];

    begin();
    if (pipe2(pair, O_CLOEXEC | O_NONBLOCK) < 0 || write(pair[1], "a", 1) != 1)
        return;
    now.fd = pair[0];
    loop_add_source(now.loop, pair[0], is_never, NULL, on_step, NULL);
    loop_add_timer(now.loop, 5, 0, on_stop, NULL);
    ok(run(), "a descriptor without a message is nothing");
    is_str(now.order, "", "and calls nobody");
    loop_add_source(now.loop, pair[0], is_always, NULL, on_signal_byte, NULL);
    ok(run(), "a message calls");
    loop_destroy(now.loop);
    close(pair[0]);
    close(pair[1]);
}

static int is_broken(void *source)
{
    errno = ENOTSOCK;
    return -1;
}

static void check_failure(void)
{
    begin();
    loop_add_source(now.loop, -1, is_broken, NULL, on_stop, NULL);
    errno = 0;
    ok(loop_run(now.loop) == -1 && errno == ENOTSOCK,
       "a source that cannot be asked is an error");
    loop_destroy(now.loop);
}

/* ---- signals ---- */

static void on_signal(struct loop *loop, int signal, void *arg)
{
    note(arg);
    now.calls++;
    if (signal == SIGUSR2 || signal == SIGCHLD)
        loop_stop(loop);
}

static void raise_both(struct loop *loop, void *arg)
{
    kill(getpid(), SIGUSR1);
    kill(getpid(), SIGUSR2);
}

/* What a child finds after exec() is what it sets up after fork(). */
static bool child_is_clean(void)
{
    struct sigaction action;
    sigset_t mask;

    loop_child_signals();
    sigprocmask(SIG_SETMASK, NULL, &mask);
    sigaction(SIGPIPE, NULL, &action);
    return !sigismember(&mask, SIGUSR1) && !sigismember(&mask, SIGTERM)
           && action.sa_handler == SIG_DFL;
}

static void check_signals(void)
{
    struct loop_watch *watch;
    int status = -1;
    pid_t pid;

    begin();
    signal(SIGUSR1, SIG_IGN);
    watch = loop_add_signal(now.loop, SIGUSR1, on_signal, "1");
    loop_add_signal(now.loop, SIGUSR1, on_signal, "+");
    loop_add_signal(now.loop, SIGUSR2, on_signal, "2");
    loop_add_timer(now.loop, 0, 0, raise_both, NULL);
    ok(run(), "a signal is called for, also one that was ignored before");
    is_str(now.order, "1+2", "by all that watch it, and nobody else");
    loop_remove(now.loop, watch);
    loop_add_timer(now.loop, 0, 0, raise_both, NULL);
    ok(run(), "removing one watch keeps the other");
    is_str(now.order, "1+2+2", "and does not kill the process");
    loop_destroy(now.loop);

    begin();
    loop_add_signal(now.loop, SIGCHLD, on_signal, "c");
    signal(SIGPIPE, SIG_IGN);
    if ((pid = fork()) == 0)
        _exit(child_is_clean() ? 0 : 1);
    ok(run() && waitpid(pid, &status, 0) == pid, "the end of a child is called for");
    is_int(status, 0, "a child can start with no signal blocked or ignored");
    loop_destroy(now.loop);
}

int main(void)
{
    check_fds();
    check_out();
    check_removal();
    check_pause();
    check_timers();
    check_ends();
    check_idle();
    check_sources();
    check_idle_source();
    check_failure();
    check_signals();
    return done_testing();
}
