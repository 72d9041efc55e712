/* heal.c - MPI is set right after a cell that failed or was stopped */
#include "kernel/front/heal.h"

#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/front/comms.h"
#include "kernel/front/origin.h"

#define HEAL_MS 3000

enum { SIZE_UNKNOWN = -1, SIZE_DIFFERS = -2 };

struct heal {
    struct front *front;
    heal_f ended;
    void *arg;
    struct idset *awaited;    /* ranks that have not answered */
    struct loop_watch *timer; /* NULL: none is awaited */
    uint64_t cell;
    int begun; /* ranks that lived as it began */
    int size;  /* of the MPI world that all have, or one of the above */
};

struct heal *heal_create(struct front *front, heal_f ended, void *arg)
{
    struct heal *heal = xcalloc(1, sizeof(*heal));

    heal->front = front;
    heal->ended = ended;
    heal->arg = arg;
    heal->awaited = idset_create();
    return heal;
}

void heal_destroy(struct heal *heal)
{
    if (!heal)
        return;
    loop_remove(heal->front->loop, heal->timer);
    idset_destroy(heal->awaited);
    free(heal);
}

static void on_timeout(struct loop *loop, void *arg)
{
    struct heal *heal = arg;
    char *ranks = idset_encode(heal->awaited);

    heal->timer = NULL;
    log_warning("ranks %s did not answer HEAL, the next cell runs", ranks);
    free(ranks);
    heal->ended(heal->arg);
}

void heal_begin(struct heal *heal, uint64_t cell)
{
    struct front *front = heal->front;
    const struct idset *living = cluster_living(front->cluster);

    if (idset_count(living) == 0)
        return;
    idset_destroy(heal->awaited);
    heal->awaited = idset_copy(living);
    heal->cell = cell;
    heal->begun = idset_count(living);
    heal->size = SIZE_UNKNOWN;
    cluster_send_all(front->cluster, living, WIRE_HEAL, cell, NULL, 0);
    loop_remove(front->loop, heal->timer);
    heal->timer = loop_add_timer(front->loop, HEAL_MS, 0, on_timeout, heal);
}

bool heal_is_going(const struct heal *heal)
{
    return heal->timer != NULL;
}

/* All living have answered. */
static void end(struct heal *heal)
{
    struct cluster *cluster = heal->front->cluster;
    int living = idset_count(cluster_living(cluster));

    loop_remove(heal->front->loop, heal->timer);
    heal->timer = NULL;
    if (living > 0 && living < heal->begun) {
        heal_begin(heal, heal->cell);
        return;
    }
    if (heal->size == living && living < cluster_size(cluster)) {
        log_info("the MPI world has %d ranks now", living);
        comms_renumber(heal->front->comms, cluster_living(cluster));
        cluster_renumber(cluster);
    }
    heal->ended(heal->arg);
}

void heal_lost(struct heal *heal, int rank)
{
    if (!heal->timer)
        return;
    idset_remove(heal->awaited, rank);
    if (idset_count(heal->awaited) == 0)
        end(heal);
}

void heal_answer(struct heal *heal, int rank, uint64_t cell, const char *text, int size)
{
    struct origin *origin = origins_find(heal->front->origins, cell);

    if (!heal->timer || cell != heal->cell)
        return;
    if (*text && origin)
        origin_stream(origin, rank, "stderr", text, strlen(text));
    heal->size = heal->size == SIZE_UNKNOWN || heal->size == size ? size : SIZE_DIFFERS;
    heal_lost(heal, rank);
}
