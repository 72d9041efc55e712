/* launch.c - the launcher: ranks start, start anew, and end */
#include "kernel/front/launch.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/front/asks.h"
#include "kernel/front/comms.h"
#include "kernel/front/debug.h"
#include "kernel/front/execute.h"
#include "kernel/front/remedy.h"
#include "kernel/front/words.h"

/* The interpreters get this long to end by themselves; their keepers kill them a
 * little earlier. */
#define STOP_MS 1300

/* A process manager that ends says why a moment after its ranks are seen to. */
#define WORDS_MS 300

#define SECRET_SIZE 32

enum step {
    STEP_STEADY, /* starting, running or failed: the cluster knows */
    STEP_CHECKING,
    STEP_STOPPING,
    STEP_CLEARING,
    STEP_ENDING, /* for good */
};

struct launch {
    struct front *front;
    int fd;
    struct loop_watch *watch;
    struct loop_watch *end;   /* timer: whoever has not ended is left */
    struct loop_watch *words; /* timer: waits for the process manager's words */
    char *failure;            /* what is known until then */
    enum step step;
    bool is_up;     /* START is not answered: there may be processes */
    int size;       /* of the restart */
    launch_f ended; /* it is told of its end; NULL: nobody is */
    void *arg;
};

static void send_order(struct launch *launch, enum order_type type, int number,
                       const char *text)
{
    struct order order = { .type = type, .number = number };
    struct error err;

    strncpy(order.text, text, sizeof(order.text) - 1);
    if (order_send(launch->fd, &order, &err) < 0)
        log_warning("the launcher does not listen: %s", err.text);
}

static void restart_ended(struct launch *launch, enum launch_end end, const char *why)
{
    launch_f ended = launch->ended;

    launch->ended = NULL;
    if (ended)
        ended(end, why, launch->arg);
}

/* ---- the start ---- */

/* While others are asked for already, nobody waits for this one. */
static void start_ended(struct launch *launch, enum launch_end end, const char *why)
{
    if (launch->step == STEP_STEADY)
        restart_ended(launch, end, why);
}

static void stop_timers(struct launch *launch)
{
    loop_remove(launch->front->loop, launch->end);
    loop_remove(launch->front->loop, launch->words);
    launch->end = launch->words = NULL;
}

/* A secret of their own: no keeper of earlier ranks can speak for one of these. */
static void start(struct launch *launch, int size)
{
    struct front *front = launch->front;
    unsigned char secret[SECRET_SIZE];
    char hex[2 * SECRET_SIZE + 1];

    randombytes_buf(secret, sizeof(secret));
    sodium_bin2hex(hex, sizeof(hex), secret, sizeof(secret));
    free(launch->failure);
    free(front->start_failure);
    launch->failure = front->start_failure = NULL;
    cluster_expect(front->cluster, size, hex);
    launch->step = STEP_STEADY;
    launch->is_up = true;
    send_order(launch, ORDER_START, size, hex);
    execute_next(front->execute);
}

/* The ranks will never be there: cells say why from now on. */
static void start_failed(struct launch *launch, const char *why)
{
    struct front *front = launch->front;
    json_t *clean;
    char *text;

    if (front->start_failure || cluster_is_ready(front->cluster))
        return;
    stop_timers(launch);
    log_error("the ranks did not start, cells end with an error: %s", why);
    text = remedy_start(why, cluster_started(front->cluster), front->usual);
    clean = message_text(text, strlen(text));
    free(text);
    front->start_failure = xstrdup(json_string_value(clean));
    json_decref(clean);
    cluster_send_keepers(front->cluster, WIRE_BYE);
    send_order(launch, ORDER_KILL, 0, "");
    start_ended(launch, LAUNCH_FAILED, front->start_failure);
    execute_next(front->execute);
    asks_next(front->asks);
}

static void on_words(struct loop *loop, void *arg)
{
    struct launch *launch = arg;

    launch->words = NULL;
    start_failed(launch, launch->failure);
}

void launch_ready(struct launch *launch)
{
    start_ended(launch, LAUNCH_READY, "");
}

/* ---- the end of ranks ---- */

static bool is_anyone_left(const struct cluster *cluster)
{
    for (int rank = 0; rank < cluster_size(cluster); rank++) {
        enum rank_state state = cluster_rank(cluster, rank).state;

        if (state == RANK_STARTING || state == RANK_READY)
            return true;
    }
    return false;
}

static void on_comm_ended(const char *id, void *arg)
{
    struct front *front = arg;

    channels_publish_new(front->channels, "comm_close", NULL,
                         json_pack("{s:s, s:{}}", "comm_id", id, "data"));
}

/* Whoever kept something of a rank hears that it is lost, as of any death. */
static void clear(struct launch *launch)
{
    struct front *front = launch->front;

    launch->step = STEP_CLEARING;
    stop_timers(launch);
    cluster_send_keepers(front->cluster, WIRE_BYE);
    cluster_lose_all(front->cluster, "others are started in their place");
    comms_end(front->comms, on_comm_ended, front);
    debug_reset(front->debug);
    if (launch->is_up)
        send_order(launch, ORDER_KILL, 0, "");
    else
        start(launch, launch->size);
}

/* START is answered: nothing of the ranks is there. */
static void gone(struct launch *launch, const char *why)
{
    struct cluster *cluster = launch->front->cluster;

    launch->is_up = false;
    if (launch->step == STEP_CLEARING)
        start(launch, launch->size);
    else if (launch->step == STEP_STOPPING)
        clear(launch);
    else if (launch->step == STEP_ENDING)
        return;
    else if (cluster_is_ready(cluster))
        cluster_lose_all(cluster, why);
    else
        start_failed(launch, why);
}

static void on_failed(struct launch *launch, const struct order *order)
{
    gone(launch, order->text);
}

static void describe_exit(struct launch *launch, const struct order *order,
                          struct buf *out)
{
    int status = order->number;
    /* The frame is noise only beside what the rank itself has said. */
    char *words = launch->failure ? words_plain(order->text) : xstrdup(order->text);

    if (launch->failure)
        buf_add_format(out, "%s\n", launch->failure);
    if (WIFSIGNALED(status))
        buf_add_format(out, "the process manager was killed by signal %d",
                       WTERMSIG(status));
    else
        buf_add_format(out, "the process manager ended with status %d",
                       WEXITSTATUS(status));
    if (*words)
        buf_add_format(out, ":\n%s", words);
    free(words);
}

static void on_exited(struct launch *launch, const struct order *order)
{
    struct buf text = { 0 };

    describe_exit(launch, order, &text);
    gone(launch, buf_text(&text));
    buf_clear(&text);
}

static void on_interrupt(struct launch *launch, const struct order *order)
{
    execute_interrupt(launch->front->execute);
}

static void on_shutdown(struct launch *launch, const struct order *order)
{
    launch_shutdown(launch);
}

/* ---- a restart ---- */

static void on_stopped_late(struct loop *loop, void *arg)
{
    struct launch *launch = arg;

    launch->end = NULL;
    log_warning("not all ranks ended in time, they are killed");
    clear(launch);
}

/* Ranks that start have nothing to lose. */
static void stop_ranks(struct launch *launch)
{
    struct cluster *cluster = launch->front->cluster;

    log_info("the ranks end, and %d start", launch->size);
    launch->step = STEP_STOPPING;
    stop_timers(launch);
    if (cluster_is_ready(cluster) && is_anyone_left(cluster)) {
        cluster_send_keepers(cluster, WIRE_STOP);
        launch->end =
            loop_add_timer(launch->front->loop, STOP_MS, 0, on_stopped_late, launch);
    } else {
        clear(launch);
    }
}

static void on_checked(struct launch *launch, const struct order *order)
{
    if (launch->step != STEP_CHECKING)
        return;
    launch->step = STEP_STEADY;
    if (*order->text)
        restart_ended(launch, LAUNCH_REFUSED, order->text);
    else
        stop_ranks(launch);
}

bool launch_is_steady(const struct launch *launch)
{
    return launch->step == STEP_STEADY;
}

void launch_restart(struct launch *launch, int ranks, launch_f ended, void *arg)
{
    launch->step = STEP_CHECKING;
    launch->size = ranks;
    launch->ended = ended;
    launch->arg = arg;
    send_order(launch, ORDER_CHECK, ranks, "");
}

/* ---- orders ---- */

static const struct {
    enum order_type type;
    void (*handle)(struct launch *launch, const struct order *order);
} handlers[] = {
    { ORDER_FAILED, on_failed },     { ORDER_CHECKED, on_checked },
    { ORDER_EXITED, on_exited },     { ORDER_INTERRUPT, on_interrupt },
    { ORDER_SHUTDOWN, on_shutdown },
};

static void on_order(struct loop *loop, void *arg)
{
    struct launch *launch = arg;
    struct order order;
    struct error err = { "" };
    int rc = order_recv(launch->fd, &order, &err);

    if (rc > 0) {
        for (size_t i = 0; i < sizeof(handlers) / sizeof(*handlers); i++)
            if (handlers[i].type == order.type)
                handlers[i].handle(launch, &order);
        return;
    }
    log_warning("the launcher is gone (%s), the kernel ends",
                rc < 0 ? err.text : "end of file");
    loop_remove(loop, launch->watch);
    launch->watch = NULL;
    launch_shutdown(launch);
}

/* ---- the end ---- */

static void end(struct launch *launch)
{
    struct front *front = launch->front;

    stop_timers(launch);
    cluster_send_keepers(front->cluster, WIRE_BYE);
    if (launch->watch)
        send_order(launch, ORDER_DONE, 0, "");
    loop_stop(front->loop);
}

static void on_end(struct loop *loop, void *arg)
{
    struct launch *launch = arg;

    launch->end = NULL;
    log_warning("not all ranks ended in time");
    end(launch);
}

void launch_shutdown(struct launch *launch)
{
    struct front *front = launch->front;

    if (launch->step == STEP_ENDING)
        return;
    launch->step = STEP_ENDING;
    log_info("the kernel ends");
    stop_timers(launch);
    restart_ended(launch, LAUNCH_FAILED, "the kernel is shut down");
    cluster_send_keepers(front->cluster, WIRE_STOP);
    if (!is_anyone_left(front->cluster))
        end(launch);
    else
        launch->end = loop_add_timer(front->loop, STOP_MS, 0, on_end, launch);
}

void launch_lost(struct launch *launch, int rank)
{
    struct front *front = launch->front;

    if (launch->end && !is_anyone_left(front->cluster)) {
        if (launch->step == STEP_STOPPING)
            clear(launch);
        else
            end(launch);
    }
    if (launch->step > STEP_CHECKING || cluster_is_ready(front->cluster)
        || launch->words || front->start_failure)
        return;
    free(launch->failure);
    launch->failure = xstrdup(cluster_rank(front->cluster, rank).death);
    launch->words = loop_add_timer(front->loop, WORDS_MS, 0, on_words, launch);
}

struct launch *launch_create(struct front *front, int fd)
{
    struct launch *launch = xcalloc(1, sizeof(*launch));

    launch->front = front;
    launch->fd = fd;
    launch->watch = loop_add_fd(front->loop, fd, on_order, launch);
    return launch;
}

void launch_start(struct launch *launch, int ranks)
{
    start(launch, ranks);
}

void launch_destroy(struct launch *launch)
{
    if (!launch)
        return;
    loop_remove(launch->front->loop, launch->watch);
    stop_timers(launch);
    free(launch->failure);
    free(launch);
}
