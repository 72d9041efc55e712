/* table.c - %ranks: who computes, where, and how they are */
#include "kernel/front/table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

#define COLUMNS 5

static const char *const titles[COLUMNS] = { "rank", "host", "pid", "state", "memory" };

/* Resident bytes of a process of this host; -1 when there is no such process. */
static int64_t resident(int pid)
{
    char *path = xasprintf("/proc/%d/statm", pid);
    FILE *file = fopen(path, "re");
    long pages = -1;

    free(path);
    if (!file)
        return -1;
    if (fscanf(file, "%*s %ld", &pages) != 1)
        pages = -1;
    fclose(file);
    return pages < 0 ? -1 : (int64_t)pages * sysconf(_SC_PAGESIZE);
}

static char *memory_text(const struct rank_info *info)
{
    int64_t bytes = info->memory;
    char host[256] = "";

    if (info->state != RANK_READY)
        return xstrdup("");
    gethostname(host, sizeof(host) - 1);
    if (bytes < 0 && !strcmp(host, info->host))
        bytes = resident(info->pid);
    if (bytes < 0)
        return xstrdup("");
    return xasprintf("%.0f MB", (double)bytes / (1 << 20));
}

static char *state_text(const struct rank_info *info)
{
    static const char *const states[] = {
        [RANK_EXPECTED] = "starting",
        [RANK_STARTING] = "starting",
        [RANK_READY] = "idle",
    };

    if (info->state == RANK_LOST)
        return *info->fate ? xasprintf("dead (%s)", info->fate) : xstrdup("dead");
    return xstrdup(states[info->state]);
}

static void fill_row(const struct cluster *cluster, int rank, char *row[COLUMNS])
{
    struct rank_info info = cluster_rank(cluster, rank);

    row[0] = xasprintf("%d", rank);
    row[1] = xstrdup(info.host);
    row[2] = info.pid ? xasprintf("%d", info.pid) : xstrdup("");
    row[3] = state_text(&info);
    row[4] = memory_text(&info);
}

static void add_row(struct buf *out, const char *const row[COLUMNS],
                    const int width[COLUMNS])
{
    size_t end;

    for (int i = 0; i < COLUMNS; i++)
        buf_add_format(out, "%-*s  ", width[i], row[i]);
    end = out->size;
    while (end > 0 && out->data[end - 1] == ' ')
        end--;
    out->size = end;
    buf_add(out, "\n", 1);
}

char *table_format(const struct cluster *cluster, int usual)
{
    int size = cluster_size(cluster), width[COLUMNS];
    char *(*rows)[COLUMNS] = xcalloc((size_t)size, sizeof(*rows));
    struct buf out = { 0 };

    for (int i = 0; i < COLUMNS; i++)
        width[i] = (int)strlen(titles[i]);
    for (int rank = 0; rank < size; rank++) {
        fill_row(cluster, rank, rows[rank]);
        for (int i = 0; i < COLUMNS; i++)
            if ((int)strlen(rows[rank][i]) > width[i])
                width[i] = (int)strlen(rows[rank][i]);
    }
    add_row(&out, titles, width);
    for (int rank = 0; rank < size; rank++) {
        add_row(&out, (const char *const *)rows[rank], width);
        for (int i = 0; i < COLUMNS; i++)
            free(rows[rank][i]);
    }
    free(rows);
    if (cluster_started(cluster) != usual)
        buf_add_format(&out,
                       "%d were started; this kernel has %d by itself: %%ranks %d goes "
                       "back\n",
                       cluster_started(cluster), usual, usual);
    return buf_take(&out);
}
