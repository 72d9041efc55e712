/* remedy.c - what deaths mean for the cells that follow, and what helps */
#include "kernel/front/remedy.h"

#include "kernel/base/mem.h"

#define BACK "%ranks restart starts all ranks anew, without their variables"

static bool is_any_lost(const struct cluster *cluster)
{
    for (int rank = 0; rank < cluster_size(cluster); rank++)
        if (cluster_rank(cluster, rank).state == RANK_LOST)
            return true;
    return false;
}

static bool has_mpi(const struct cluster *cluster, int rank)
{
    const json_t *ready = cluster_rank(cluster, rank).ready;

    return json_integer_value(json_object_get(ready, "mpi_size")) > 0;
}

void remedy_add(const struct cluster *cluster, json_t *traceback)
{
    int lead = cluster_lead(cluster);
    const char *text = BACK;

    if (!cluster_is_ready(cluster) || !is_any_lost(cluster))
        return;
    if (lead >= 0 && has_mpi(cluster, lead))
        text = "The others keep their variables and go on in a smaller MPI.COMM_WORLD, "
               "numbered anew: ranks and sizes that cells have saved are stale. " BACK;
    else if (lead >= 0)
        text = "%%rank still reaches the others; " BACK;
    json_array_append_new(traceback, json_string(text));
}

char *remedy_start(const char *why, int ranks, int usual)
{
    if (ranks == usual)
        return xasprintf("%s\n%%ranks restart tries again", why);
    return xasprintf(
        "%s\n%%ranks restart tries again; %%ranks %d starts as many as this "
        "kernel has by itself",
        why, usual);
}
