/* main.c - rankbook-front: speaks Jupyter for all ranks
 *
 * One thread, one loop.  The launcher starts it with the connection file, the
 * number of ranks, the run directory and a descriptor to talk by.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/asks.h"
#include "kernel/front/comms.h"
#include "kernel/front/dispatch.h"
#include "kernel/front/events.h"
#include "kernel/front/execute.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/inputs.h"
#include "kernel/front/launch.h"
#include "kernel/front/origin.h"

struct options {
    const char *connection;
    const char *run;
    const char *method;
    int ranks;
    int launcher;
};

static int options_read(int argc, char **argv, struct options *out)
{
    static const struct option known[] = {
        { "connection", required_argument, NULL, 'c' },
        { "ranks", required_argument, NULL, 'n' },
        { "run", required_argument, NULL, 'd' },
        { "launcher", required_argument, NULL, 'l' },
        { "method", required_argument, NULL, 'm' },
        { NULL },
    };
    int option;

    out->launcher = -1;
    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (option == 'c')
            out->connection = optarg;
        else if (option == 'n')
            out->ranks = atoi(optarg);
        else if (option == 'd')
            out->run = optarg;
        else if (option == 'l')
            out->launcher = atoi(optarg);
        else if (option == 'm')
            out->method = optarg;
        else
            return -1;
    }
    return out->connection && out->run && out->ranks > 0 && out->launcher >= 0 ? 0 : -1;
}

static void on_request(enum channel from, struct message *msg, void *arg)
{
    dispatch(arg, from, msg);
}

static void on_refused(enum channel from, const char *reason, void *arg)
{
    static const char *const names[] = { "shell", "control", "stdin", "iopub",
                                         "heartbeat" };

    log_warning("message on %s dropped: %s", names[from], reason);
}

static void on_terminate(struct loop *loop, int number, void *arg)
{
    struct front *front = arg;

    log_info("signal %d", number);
    launch_shutdown(front->launch);
}

/* Binds the channels; the ports that were chosen go into the file. */
static struct channels *open_channels(struct front *front, void *ctx, const char *path,
                                      struct error *err)
{
    struct connection connection = { 0 };
    struct channels *channels = NULL;
    bool is_open = false;

    if (connection_read(path, &connection, err) < 0)
        return NULL;
    for (int i = 0; i < CHANNEL_COUNT; i++)
        is_open = is_open || connection.ports[i] == 0;
    channels = channels_create(ctx, front->loop, &connection, on_request, on_refused,
                               front, err);
    if (channels && is_open && connection_write(path, &connection, err) < 0) {
        channels_destroy(channels);
        channels = NULL;
    }
    connection_clear(&connection);
    return channels;
}

static struct cluster *open_cluster(struct front *front, void *ctx,
                                    const struct options *options, struct error *err)
{
    const char *secret = getenv("RANKBOOK_SECRET");
    char *endpoint = xasprintf("ipc://%s/wire", options->run);
    struct cluster_config config = {
        .endpoint = endpoint,
        .secret = secret ? secret : "",
        .size = options->ranks,
    };
    struct cluster *cluster = NULL;

    if (!*config.secret)
        error_set(err, "RANKBOOK_SECRET is not set");
    else
        cluster = cluster_create(front->loop, ctx, &config, &events, front, err);
    free(endpoint);
    return cluster;
}

/* Bound first and answered at once: clients wait for it, ranks come later. */
static int front_open(struct front *front, void *ctx, const struct options *options,
                      struct error *err)
{
    front->loop = loop_create();
    if (!(front->channels = open_channels(front, ctx, options->connection, err))
        || !(front->cluster = open_cluster(front, ctx, options, err)))
        return -1;
    channels_status(front->channels, NULL, "starting");
    front->displays = displays_create();
    front->origins = origins_create(front->loop, front->channels, front->displays);
    front->execute = execute_create(front);
    front->asks = asks_create(front);
    front->comms = comms_create();
    front->inputs = inputs_create(front);
    front->launch = launch_create(front, options->launcher);
    loop_add_signal(front->loop, SIGTERM, on_terminate, front);
    return 0;
}

static void front_close(struct front *front)
{
    launch_destroy(front->launch);
    inputs_destroy(front->inputs);
    comms_destroy(front->comms);
    asks_destroy(front->asks);
    execute_destroy(front->execute);
    origins_destroy(front->origins);
    displays_destroy(front->displays);
    cluster_destroy(front->cluster);
    channels_destroy(front->channels);
    loop_destroy(front->loop);
    free(front->start_failure);
}

static int front_run(const struct options *options)
{
    struct front front = { 0 };
    struct error err = { "" };
    void *ctx = zmq_ctx_new();
    int status = 0;

    if (!ctx || front_open(&front, ctx, options, &err) < 0) {
        log_error("cannot start: %s", err.text);
        fprintf(stderr, "rankbook: %s\n", err.text);
        status = 1;
    } else if (loop_run(front.loop) < 0) {
        log_error("poll: %s, the kernel ends", strerror(errno));
        status = 1;
    }
    front_close(&front);
    if (ctx)
        zmq_ctx_term(ctx);
    return status;
}

int main(int argc, char **argv)
{
    struct options options = { 0 };
    char *log;
    int status;

    if (options_read(argc, argv, &options) < 0) {
        fprintf(stderr, "rankbook-front: started by 'rankbook kernel', not by hand\n");
        return 2;
    }
    /* A terminal's Ctrl-C comes as an order of the launcher. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    fcntl(options.launcher, F_SETFD, FD_CLOEXEC);
    log = xasprintf("%s/log/front.log", options.run);
    log_open("front", log);
    free(log);
    if (sodium_init() < 0) {
        fprintf(stderr, "rankbook: libsodium cannot be used\n");
        return 1;
    }
    status = front_run(&options);
    log_close();
    return status;
}
