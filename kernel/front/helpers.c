/* helpers.c - ranks that are idle while others compute */
#include "kernel/front/helpers.h"

#include <stdlib.h>

#include "kernel/base/mem.h"

#define HELP_MS 20

struct helpers {
    struct front *front;
    struct loop_watch *timer;
    const struct idset *running;
    struct idset *told;
};

struct helpers *helpers_create(struct front *front)
{
    struct helpers *helpers = xcalloc(1, sizeof(*helpers));

    helpers->front = front;
    helpers->told = idset_create();
    return helpers;
}

void helpers_destroy(struct helpers *helpers)
{
    if (!helpers)
        return;
    loop_remove(helpers->front->loop, helpers->timer);
    idset_destroy(helpers->told);
    free(helpers);
}

static void tell(struct loop *loop, void *arg)
{
    struct helpers *helpers = arg;
    struct cluster *cluster = helpers->front->cluster;
    const struct idset *living = cluster_living(cluster);
    struct wire_frame yes = { "1", 1 };

    helpers->timer = NULL;
    for (int rank = idset_first(living); rank >= 0; rank = idset_next(living, rank)) {
        if (idset_has(helpers->running, rank) || idset_has(helpers->told, rank))
            continue;
        idset_add(helpers->told, rank);
        cluster_send(cluster, rank, WIRE_BUSY, 0, &yes, 1);
    }
}

void helpers_later(struct helpers *helpers, const struct idset *running)
{
    helpers->running = running;
    if (!helpers->timer)
        helpers->timer =
            loop_add_timer(helpers->front->loop, HELP_MS, 0, tell, helpers);
}

void helpers_stop(struct helpers *helpers)
{
    struct wire_frame no = { "0", 1 };

    loop_remove(helpers->front->loop, helpers->timer);
    helpers->timer = NULL;
    if (idset_count(helpers->told) == 0)
        return;
    cluster_send_all(helpers->front->cluster, helpers->told, WIRE_BUSY, 0, &no, 1);
    idset_destroy(helpers->told);
    helpers->told = idset_create();
}
