/* session.c - one kernel, from the launcher's side
 *
 *     running  --ORDER_DONE-->  ending    front and ranks have a second to end
 *     running  --signal------>  asked     the front has a while to end in order
 *     any      --front ends-->  ending
 *     asked, ending  --time-->  killed    SIGKILL for everything
 */
#include "launcher/session.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kernel/base/log.h"
#include "kernel/base/loop.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/base/platform.h"
#include "kernel/base/sizes.h"
#include "launcher/child.h"
#include "launcher/files.h"
#include "launcher/limits.h"
#include "launcher/process.h"
#include "launcher/ranks.h"
#include "launcher/rundir.h"
#include "launcher/sweeper.h"

/* After ORDER_DONE; after a request to end (Jupyter waits 2.5 s between its
 * SIGTERM and its SIGKILL); after SIGKILL, which cannot take long. */
#define DONE_MS 1000
#define ASKED_MS 1500
#define KILLED_MS 1000

#define FRONT_REFUSED 2 /* its exit status when it cannot bind, ... */

struct session {
    const struct session_setup *setup;
    struct loop *loop;
    char *run;
    char *front_path;
    char *keeper_path;
    char *mpiexec;
    struct error no_mpiexec; /* why 'mpiexec' is NULL */
    struct strings env;      /* of front and ranks */
    int orders;              /* our end of the socketpair */
    int parent;              /* a descriptor of the process that started us, or -1 */
    pid_t front;             /* 0: has ended */
    struct ranks *ranks;
    struct sweeper *sweeper;
    struct loop_watch *orders_watch;
    struct loop_watch *parent_watch;
    struct loop_watch *timer;
    bool is_started; /* ranks were asked for */
    bool is_done;    /* ORDER_DONE came */
    bool is_asked;   /* somebody wants us to end */
    bool is_killed;
    int status;
};

static void send_order(struct session *session, enum order_type type, int number,
                       const char *text)
{
    struct order order = { .type = type, .number = number };
    struct error err;

    snprintf(order.text, sizeof(order.text), "%s", text);
    if (session->front && order_send(session->orders, &order, &err) < 0)
        log_warning("front: %s; waiting for its end", err.text);
}

/* -------------------------------------------------------------- the end */

static void on_deadline(struct loop *loop, void *arg);

static void set_deadline(struct session *session, int64_t ms)
{
    loop_remove(session->loop, session->timer);
    session->timer = loop_add_timer(session->loop, ms, 0, on_deadline, session);
}

static void on_deadline(struct loop *loop, void *arg)
{
    struct session *session = arg;

    session->timer = NULL; /* the loop has removed it */
    if (session->is_killed) {
        log_error("processes do not end by SIGKILL; leaving them behind");
        loop_stop(loop);
        return;
    }
    log_warning("out of time; killing what is left");
    session->is_killed = true;
    if (session->front)
        kill(session->front, SIGKILL);
    ranks_kill_now(session->ranks, session->front);
    set_deadline(session, KILLED_MS);
}

static void check_end(struct session *session)
{
    if (!session->front && !ranks_is_running(session->ranks))
        loop_stop(session->loop);
}

/* Its last order may still be in the pair when its end is seen. */
static void read_last_orders(struct session *session)
{
    struct order order;

    platform_set_nonblock(session->orders);
    while (session->orders_watch && order_recv(session->orders, &order, NULL) > 0)
        session->is_done |= order.type == ORDER_DONE;
}

static void front_ended(struct session *session, int status)
{
    session->front = 0;
    read_last_orders(session);
    loop_remove(session->loop, session->orders_watch);
    session->orders_watch = NULL;
    if (!session->is_done) {
        log_error("front ended with wait status %d; ending the ranks", status);
        session->status = WIFEXITED(status) && WEXITSTATUS(status) == FRONT_REFUSED
                                  && !session->is_started
                              ? 2
                              : 1;
        ranks_kill(session->ranks, 0);
    }
    if (!session->is_killed)
        set_deadline(session, DONE_MS);
    check_end(session);
}

static void ask_to_end(struct session *session, const char *why)
{
    log_info("%s; asking the front to end", why);
    if (session->is_asked)
        return;
    session->is_asked = true;
    send_order(session, ORDER_SHUTDOWN, 0, "");
    set_deadline(session, ASKED_MS);
}

/* -------------------------------------------------------------- orders */

static void on_exited(int status, const char *text, void *arg)
{
    struct session *session = arg;

    log_info("the process manager ended with wait status %d", status);
    send_order(session, ORDER_EXITED, status, text);
    check_end(session);
}

static void on_failed(const char *why, void *arg)
{
    struct session *session = arg;

    log_error("ranks not started: %s; the next cell says so", why);
    send_order(session, ORDER_FAILED, 0, why);
    check_end(session);
}

/* -1 with 'err' when that many cannot be started.  The kernel's own number is not
 * doubted: it is tried, and the process manager says what is wrong. */
static int check_number(const struct session *session, int number, struct error *err)
{
    const struct method *method = session->setup->method;
    struct limits limits;

    if (number < 1 || number > RANKS_MAX)
        return error_set(err, "there are 1 to %d ranks, not %d", RANKS_MAX, number);
    if (method_needs_mpiexec(method) && !session->mpiexec) {
        *err = session->no_mpiexec;
        return -1;
    }
    if (number <= session->setup->ranks)
        return 0;
    limits_read(session->run, &limits);
    return limits_check(&limits, number, method_files(method), err);
}

static void order_check(struct session *session, const struct order *order)
{
    struct error err = { "" };

    check_number(session, order->number, &err);
    send_order(session, ORDER_CHECKED, order->number, err.text);
}

static void order_start(struct session *session, const struct order *order)
{
    struct error err;

    session->is_started = true;
    if (check_number(session, order->number, &err) < 0)
        on_failed(err.text, session);
    else
        ranks_start(session->ranks, order->number, order->text, session->front);
}

static void order_kill(struct session *session, const struct order *order)
{
    log_info("the front ends the ranks");
    ranks_kill(session->ranks, session->front);
}

static void order_done(struct session *session, const struct order *order)
{
    log_info("the kernel is over");
    session->is_done = true;
    ranks_cancel(session->ranks);
    set_deadline(session, DONE_MS);
}

static const struct {
    enum order_type type;
    void (*handle)(struct session *session, const struct order *order);
} orders[] = {
    { ORDER_CHECK, order_check },
    { ORDER_START, order_start },
    { ORDER_KILL, order_kill },
    { ORDER_DONE, order_done },
};

static void on_order(struct loop *loop, void *arg)
{
    struct session *session = arg;
    struct order order;
    struct error err;
    int rc = order_recv(session->orders, &order, &err);

    if (rc < 0) {
        log_warning("front: %s; dropped", err.text);
    } else if (rc == 0) {
        /* Its exit status is on the way; a front that lives on without its
         * orders is none. */
        loop_remove(session->loop, session->orders_watch);
        session->orders_watch = NULL;
        set_deadline(session, DONE_MS);
    } else {
        for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++)
            if (orders[i].type == order.type)
                orders[i].handle(session, &order);
    }
}

/* -------------------------------------------------------------- signals */

static void on_child(struct loop *loop, int signal, void *arg)
{
    struct session *session = arg;
    int status;
    pid_t pid;

    /* Orphans of the ranks are our children too (subreaper). */
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid == session->front)
            front_ended(session, status);
        else if (!ranks_reap(session->ranks, pid, status)
                 && pid == sweeper_pid(session->sweeper))
            log_warning("the sweeper was killed; if this process is too, files stay");
    }
}

static void on_interrupt(struct loop *loop, int signal, void *arg)
{
    send_order(arg, ORDER_INTERRUPT, 0, "");
}

static void on_terminate(struct loop *loop, int signal, void *arg)
{
    ask_to_end(arg, strsignal(signal));
}

static void on_parent_end(struct loop *loop, void *arg)
{
    struct session *session = arg;

    loop_remove(loop, session->parent_watch);
    session->parent_watch = NULL;
    ask_to_end(session, "the process that started this kernel has ended");
}

/* Jupyter's way to say that the kernel ends with the process that started it.  The
 * process is watched, not PR_SET_PDEATHSIG set: that one tells the end of the
 * thread that forked us. */
static void watch_parent(struct session *session)
{
    if (!getenv("JPY_PARENT_PID") || (session->parent = process_watch(getppid())) < 0)
        return;
    session->parent_watch =
        loop_add_fd(session->loop, session->parent, on_parent_end, session);
}

/* -------------------------------------------------------------- the start */

/* Sets of strings have one order on all ranks: what is printed of them folds, and a
 * loop over one makes the same MPI calls everywhere. */
static void set_hash_seed(struct strings *env)
{
    char *seed;

    if (strings_env(env, "PYTHONHASHSEED"))
        return;
    seed = xasprintf("%u", (unsigned)randombytes_random());
    strings_set_env(env, "PYTHONHASHSEED", seed);
    free(seed);
}

/* For %connect_info, which may run in another folder. */
static void set_connection(const struct session *session, struct strings *env)
{
    char *path = realpath(session->setup->connection, NULL);

    strings_set_env(env, "RANKBOOK_CONNECTION",
                    path ? path : session->setup->connection);
    free(path);
}

static void make_environment(struct session *session)
{
    /* What an outer process manager, or an outer kernel, said to us is not for
     * the ranks we start. */
    static const char *const foreign[] = { "PMI_",
                                           "PMIX_",
                                           "HYDI_",
                                           "RANKBOOK_RANK=",
                                           "RANKBOOK_SIZE=",
                                           "RANKBOOK_PAGE_FD=",
                                           "RANKBOOK_RECORD_FD=",
                                           "RANKBOOK_SECRET=",
                                           "RANKBOOK_ONE_HOST=" };
    struct strings *env = &session->env;
    char *wire;

    strings_add_list(env, environ);
    for (size_t i = 0; i < sizeof(foreign) / sizeof(foreign[0]); i++)
        strings_remove_env(env, foreign[i]);
    wire = xasprintf("ipc://%s/" RUNDIR_SOCKET, session->run);
    strings_set_env(env, "RANKBOOK_WIRE", wire);
    strings_set_env(env, "RANKBOOK_RUN", session->run);
    set_connection(session, env);
    strings_set_env(env, "RANKBOOK_PYTHON", session->setup->python);
    strings_set_env(env, "RANKBOOK_METHOD", method_name(session->setup->method));
    set_hash_seed(env);
    strings_set_env(env, "UCX_ERROR_SIGNALS", ""); /* SIGSEGV is faulthandler's */
    parts_set_path(env, session->setup->python, session->mpiexec);
    free(wire);
}

/* What %ranks N has left for this notebook, or the kernel's own number. */
static int choose_ranks(struct error *why)
{
    const char *notebook = getenv("JPY_SESSION_NAME");

    return notebook ? sizes_recall(notebook, why) : 0;
}

static int start_front(struct session *session, int ranks, struct error *err)
{
    struct strings argv = { 0 };
    struct child child = { .output = -1 };
    int pair[2];

    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return error_set(err, "make a socket pair: %s", strerror(errno));
    strings_add(&argv, session->front_path);
    strings_add(&argv, "--connection");
    strings_add(&argv, session->setup->connection);
    strings_add(&argv, "--ranks");
    strings_add_format(&argv, "%d", ranks > 0 ? ranks : session->setup->ranks);
    strings_add(&argv, "--usual");
    strings_add_format(&argv, "%d", session->setup->ranks);
    strings_add(&argv, "--run");
    strings_add(&argv, session->run);
    strings_add(&argv, "--launcher");
    strings_add_format(&argv, "%d", pair[1]);
    strings_add(&argv, "--method");
    strings_add(&argv, method_name(session->setup->method));
    child.argv = argv.list;
    child.env = session->env.list;
    child.keep = pair[1];
    session->orders = pair[0];
    session->front = child_start(&child, err);
    strings_clear(&argv);
    close(pair[1]);
    if (session->front > 0)
        return 0;
    session->front = 0;
    return -1;
}

static void open_log(const struct session *session)
{
    char *path = xasprintf("%s/log/launcher.log", session->run);

    log_open("launcher", path);
    free(path);
}

static void make_loop(struct session *session)
{
    struct ranks_setup ranks = { session->setup->method, session->mpiexec,
                                 session->keeper_path, session->run, &session->env };
    struct ranks_calls calls = { on_exited, on_failed, session };

    session->loop = loop_create();
    session->ranks = ranks_create(session->loop, &ranks, &calls);
    loop_add_signal(session->loop, SIGCHLD, on_child, session);
    loop_add_signal(session->loop, SIGINT, on_interrupt, session);
    loop_add_signal(session->loop, SIGTERM, on_terminate, session);
    loop_add_signal(session->loop, SIGHUP, on_terminate, session);
    watch_parent(session);
}

/* Everything up to the loop.  The front comes first: somebody waits for it. */
static int start(struct session *session, struct error *err)
{
    const struct session_setup *setup = session->setup;
    struct error why = { "" };

    if (!(session->front_path = parts_program(setup->parts, "rankbook-front", err))
        || !(session->keeper_path =
                 parts_program(setup->parts, "rankbook-keeper", err)))
        return -1;
    if (method_needs_mpiexec(setup->method))
        session->mpiexec = parts_mpiexec(&session->no_mpiexec);
    if (sodium_init() < 0)
        return error_set(err, "libsodium does not start");
    if (!(session->run = rundir_create(err)))
        return -1;
    make_environment(session);
    make_loop(session);
    if (start_front(session, choose_ranks(&why), err) < 0)
        return -1;
    session->orders_watch =
        loop_add_fd(session->loop, session->orders, on_order, session);
    open_log(session);
    if (*why.text)
        log_warning("%s; the kernel starts with its own number of ranks", why.text);
    platform_subreaper();
    return (session->sweeper = sweeper_start(session->run, err)) ? 0 : -1;
}

static void clear(struct session *session)
{
    ranks_destroy(session->ranks);
    loop_destroy(session->loop);
    if (session->orders >= 0)
        close(session->orders);
    if (session->parent >= 0)
        close(session->parent);
    strings_clear(&session->env);
    free(session->front_path);
    free(session->keeper_path);
    free(session->mpiexec);
    free(session->run);
}

int session_run(const struct session_setup *setup, struct error *err)
{
    struct session session = { .setup = setup, .orders = -1, .parent = -1 };
    bool keep;

    if (start(&session, err) < 0) {
        if (session.front)
            kill(session.front, SIGKILL);
        if (session.run)
            files_remove_tree(session.run);
        clear(&session);
        return -1;
    }
    log_info("front is process %d, %d ranks by %s", (int)session.front, setup->ranks,
             method_name(setup->method));
    if (loop_run(session.loop) < 0)
        log_error("the loop ended: %s", strerror(errno));
    keep = session.status == 1;
    if (keep)
        fprintf(stderr,
                "rankbook: the front ended unexpectedly; the logs are in %s/log\n",
                session.run);
    log_close();
    sweeper_finish(session.sweeper, keep);
    clear(&session);
    return session.status;
}
