/* restart.c - %ranks restart, %ranks N: the cell that asks for other ranks */
#include "kernel/front/restart.h"

#include <stdlib.h>

#include "kernel/base/mem.h"
#include "kernel/front/launch.h"

struct restart {
    struct front *front;
    restart_f ended;
    void *arg;
    int64_t began;
    bool is_awaited;
};

struct restart *restart_create(struct front *front, restart_f ended, void *arg)
{
    struct restart *restart = xcalloc(1, sizeof(*restart));

    restart->front = front;
    restart->ended = ended;
    restart->arg = arg;
    return restart;
}

void restart_destroy(struct restart *restart)
{
    free(restart);
}

/* "4 ranks, started anew in 0.4 s; variables are gone" */
static char *success_text(const struct restart *restart)
{
    int size = cluster_size(restart->front->cluster);

    return xasprintf("%d %s, started anew in %.1f s; variables are gone\n", size,
                     size == 1 ? "rank" : "ranks",
                     (double)(loop_now() - restart->began) / 1000);
}

static void on_ended(enum launch_end end, const char *why, void *arg)
{
    static const char *const enames[] = {
        [LAUNCH_READY] = NULL,
        [LAUNCH_REFUSED] = "UsageError",
        [LAUNCH_FAILED] = "StartError",
    };
    struct restart *restart = arg;
    bool is_awaited = restart->is_awaited;
    char *text;

    restart->is_awaited = false;
    if (!is_awaited)
        return;
    text = end == LAUNCH_READY ? success_text(restart) : xstrdup(why);
    restart->ended(enames[end], text, restart->arg);
    free(text);
}

void restart_begin(struct restart *restart, int ranks)
{
    struct front *front = restart->front;

    restart->began = loop_now();
    restart->is_awaited = true;
    launch_restart(front->launch, ranks ? ranks : cluster_started(front->cluster),
                   on_ended, restart);
}

bool restart_is_awaited(const struct restart *restart)
{
    return restart->is_awaited;
}

void restart_leave(struct restart *restart)
{
    restart->is_awaited = false;
}
