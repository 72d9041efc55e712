/* front.c - the front as a whole: opened, and closed again */
#include "kernel/front/front.h"

#include <stdlib.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/asks.h"
#include "kernel/front/comms.h"
#include "kernel/front/debug.h"
#include "kernel/front/dispatch.h"
#include "kernel/front/events.h"
#include "kernel/front/execute.h"
#include "kernel/front/gather/display.h"
#include "kernel/front/inputs.h"
#include "kernel/front/launch.h"
#include "kernel/front/origin.h"
#include "kernel/front/usage.h"
#include "kernel/front/watch.h"

static void on_request(enum channel from, struct message *msg, void *arg)
{
    dispatch(arg, from, msg);
}

static void on_refused(enum channel from, const char *reason, void *arg)
{
    static const char *const names[] = {
        [CHANNEL_SHELL] = "shell",         [CHANNEL_CONTROL] = "control",
        [CHANNEL_STDIN] = "stdin",         [CHANNEL_IOPUB] = "iopub",
        [CHANNEL_HEARTBEAT] = "heartbeat",
    };

    log_warning("message on %s dropped: %s", names[from], reason);
}

/* A rank that asks this client is not answered. */
static void on_gone(void *arg)
{
    struct front *front = arg;

    if (front->inputs)
        inputs_check(front->inputs);
}

static void on_full(bool is_full, void *arg)
{
    struct front *front = arg;

    log_info(is_full ? "a client does not read, the ranks have to wait"
                     : "the ranks go on");
    cluster_pause(front->cluster, is_full);
}

static const struct channels_calls calls = {
    .request = on_request,
    .refused = on_refused,
    .gone = on_gone,
    .full = on_full,
};

/* Binds the channels; the ports that were chosen go into the file. */
static struct channels *open_channels(struct front *front, void *ctx,
                                      const struct front_config *config,
                                      struct error *err)
{
    const char *path = config->connection;
    uint64_t limit = config->unread ? config->unread : CHANNELS_LIMIT;
    struct connection connection = { 0 };
    struct channels *channels = NULL;
    bool is_open = false;

    if (connection_read(path, &connection, err) < 0)
        return NULL;
    for (int i = 0; i < CHANNEL_COUNT; i++)
        is_open = is_open || connection.ports[i] == 0;
    channels =
        channels_create(ctx, front->loop, &connection, limit, &calls, front, err);
    if (channels && is_open && connection_write(path, &connection, err) < 0) {
        channels_destroy(channels);
        channels = NULL;
    }
    front->ports = connection_ports(&connection);
    connection_clear(&connection);
    return channels;
}

static struct cluster *
open_cluster(struct front *front, const struct front_config *config, struct error *err)
{
    char *endpoint = xasprintf("ipc://%s/wire", config->run);
    struct cluster *result = cluster_create(front->loop, endpoint, &events, front, err);

    free(endpoint);
    return result;
}

struct front *front_create(void *ctx, struct loop *loop,
                           const struct front_config *config, struct error *err)
{
    struct front *front = xcalloc(1, sizeof(*front));

    front->loop = loop;
    front->patience = config->patience > 0 ? config->patience : WATCH_PATIENCE_MS;
    front->fails_standstill = config->fails_standstill;
    if (!(front->channels = open_channels(front, ctx, config, err))
        || !(front->cluster = open_cluster(front, config, err))) {
        front_destroy(front);
        return NULL;
    }
    channels_status(front->channels, NULL, "starting");
    front->displays = displays_create();
    front->comms = comms_create();
    front->origins = origins_create(loop, front->channels, front->cluster,
                                    front->displays, front->comms);
    front->execute = execute_create(front);
    front->asks = asks_create(front);
    front->debug = debug_create(front);
    front->inputs = inputs_create(front);
    front->usage = usage_create(front);
    front->launch = launch_create(front, config->launcher);
    front->usual = config->usual > 0 ? config->usual : config->ranks;
    launch_start(front->launch, config->ranks);
    return front;
}

void front_shutdown(struct front *front)
{
    launch_shutdown(front->launch);
}

void front_destroy(struct front *front)
{
    if (!front)
        return;
    launch_destroy(front->launch);
    usage_destroy(front->usage);
    inputs_destroy(front->inputs);
    debug_destroy(front->debug);
    asks_destroy(front->asks);
    execute_destroy(front->execute);
    origins_destroy(front->origins);
    comms_destroy(front->comms);
    displays_destroy(front->displays);
    cluster_destroy(front->cluster);
    channels_destroy(front->channels);
    json_decref(front->ports);
    free(front->start_failure);
    free(front);
}
