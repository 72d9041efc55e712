/* restart.c - %ranks restart, %ranks N: the cell that asks for other ranks */
#include "kernel/front/restart.h"

#include <stdlib.h>

#include "kernel/base/buf.h"
#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/sizes.h"
#include "kernel/front/launch.h"

struct restart {
    struct front *front;
    restart_f ended;
    void *arg;
    int64_t began;
    int ranks; /* as the cell says; 0: as many as before */
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

/* The notebook starts with as many from now on, whether or not somebody waits for
 * these.  True when it did not before. */
static bool remember(const struct restart *restart)
{
    const char *notebook = getenv("JPY_SESSION_NAME");
    int usual = restart->front->usual;
    struct error err;

    if (!restart->ranks || !notebook)
        return false;
    if (sizes_recall(notebook, NULL) == (restart->ranks == usual ? 0 : restart->ranks))
        return false;
    if (sizes_remember(notebook, restart->ranks == usual ? 0 : restart->ranks, &err)
        == 0)
        return true;
    log_warning("%s; the notebook's number of ranks is not remembered", err.text);
    return false;
}

/* "4 ranks, started anew in 0.4 s; variables are gone" */
static char *success_text(const struct restart *restart, bool is_new)
{
    int size = cluster_size(restart->front->cluster), usual = restart->front->usual;
    struct buf text = { 0 };

    buf_add_format(&text, "%d %s, started anew in %.1f s; variables are gone", size,
                   size == 1 ? "rank" : "ranks",
                   (double)(loop_now() - restart->began) / 1000);
    if (is_new)
        buf_add_format(&text, ". This notebook starts with %d from now on", size);
    if (is_new && size != usual)
        buf_add_format(&text, "; %%ranks %d goes back", usual);
    buf_add_text(&text, "\n");
    return buf_take(&text);
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
    bool is_new = end == LAUNCH_READY && remember(restart);
    char *text;

    restart->is_awaited = false;
    if (!is_awaited)
        return;
    text = end == LAUNCH_READY ? success_text(restart, is_new) : xstrdup(why);
    restart->ended(enames[end], text, restart->arg);
    free(text);
}

void restart_begin(struct restart *restart, int ranks)
{
    struct front *front = restart->front;

    restart->began = loop_now();
    restart->ranks = ranks;
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
