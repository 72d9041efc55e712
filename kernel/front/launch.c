/* launch.c - the launcher, the start of the ranks and the end of everything */
#include "kernel/front/launch.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/order.h"
#include "kernel/front/asks.h"
#include "kernel/front/execute.h"
#include "kernel/front/words.h"

/* The interpreters get this long to end by themselves; their keepers kill them a
 * little earlier. */
#define STOP_MS 1300

/* A process manager that ends says why a moment after its ranks are seen to. */
#define WORDS_MS 300

struct launch {
    struct front *front;
    int fd;
    struct loop_watch *watch;
    struct loop_watch *end;   /* timer: whoever has not ended is left */
    struct loop_watch *words; /* timer: waits for the process manager's words */
    char *failure;            /* what is known until then */
    bool is_ending;
};

static void send_order(struct launch *launch, enum order_type type, int number)
{
    struct order order = { .type = type, .number = number };
    struct error err;

    if (order_send(launch->fd, &order, &err) < 0)
        log_warning("the launcher does not listen: %s", err.text);
}

/* The ranks will never be there: cells say why from now on. */
static void start_failed(struct launch *launch, const char *why)
{
    struct front *front = launch->front;
    json_t *clean;

    if (front->start_failure || cluster_is_ready(front->cluster) || launch->is_ending)
        return;
    loop_remove(front->loop, launch->words);
    launch->words = NULL;
    log_error("the ranks did not start, cells end with an error: %s", why);
    clean = message_text(why, strlen(why));
    front->start_failure = xstrdup(json_string_value(clean));
    json_decref(clean);
    cluster_send_keepers(front->cluster, WIRE_BYE);
    send_order(launch, ORDER_KILL, 0);
    execute_next(front->execute);
    asks_next(front->asks);
}

static void on_words(struct loop *loop, void *arg)
{
    struct launch *launch = arg;

    launch->words = NULL;
    start_failed(launch, launch->failure);
}

static void on_failed(struct launch *launch, const struct order *order)
{
    start_failed(launch, order->text);
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
    if (cluster_is_ready(launch->front->cluster)) {
        if (!launch->is_ending)
            cluster_lose_all(launch->front->cluster, buf_text(&text));
    } else {
        start_failed(launch, buf_text(&text));
    }
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

static const struct {
    enum order_type type;
    void (*handle)(struct launch *launch, const struct order *order);
} handlers[] = {
    { ORDER_FAILED, on_failed },
    { ORDER_EXITED, on_exited },
    { ORDER_INTERRUPT, on_interrupt },
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

static void end(struct launch *launch)
{
    struct front *front = launch->front;

    loop_remove(front->loop, launch->end);
    launch->end = NULL;
    cluster_send_keepers(front->cluster, WIRE_BYE);
    if (launch->watch)
        send_order(launch, ORDER_DONE, 0);
    loop_stop(front->loop);
}

static void on_end(struct loop *loop, void *arg)
{
    struct launch *launch = arg;

    launch->end = NULL;
    log_warning("not all ranks ended in time");
    end(launch);
}

static bool is_anyone_left(const struct cluster *cluster)
{
    for (int rank = 0; rank < cluster_size(cluster); rank++) {
        enum rank_state state = cluster_rank(cluster, rank).state;

        if (state == RANK_STARTING || state == RANK_READY)
            return true;
    }
    return false;
}

void launch_shutdown(struct launch *launch)
{
    struct front *front = launch->front;

    if (launch->is_ending)
        return;
    launch->is_ending = true;
    log_info("the kernel ends");
    cluster_send_keepers(front->cluster, WIRE_STOP);
    if (!is_anyone_left(front->cluster))
        end(launch);
    else
        launch->end = loop_add_timer(front->loop, STOP_MS, 0, on_end, launch);
}

void launch_lost(struct launch *launch, int rank)
{
    struct front *front = launch->front;

    if (launch->is_ending) {
        if (launch->end && !is_anyone_left(front->cluster))
            end(launch);
        return;
    }
    if (cluster_is_ready(front->cluster) || launch->words || front->start_failure)
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
    send_order(launch, ORDER_START, cluster_size(front->cluster));
    return launch;
}

void launch_destroy(struct launch *launch)
{
    if (!launch)
        return;
    loop_remove(launch->front->loop, launch->watch);
    loop_remove(launch->front->loop, launch->end);
    loop_remove(launch->front->loop, launch->words);
    free(launch->failure);
    free(launch);
}
