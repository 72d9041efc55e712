/* usage.c - what the ranks use and do, for a usage_request */
#include "kernel/front/usage.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "kernel/front/execute.h"

/* What was measured at one time. */
struct sample {
    int64_t time; /* 0: never */
    int64_t ticks;
    int pid;
};

struct usage {
    struct front *front;
    char hostname[256];
    struct sample *ranks;
    int count; /* of them */
    struct platform_host host;
};

struct usage *usage_create(struct front *front)
{
    struct usage *usage = xcalloc(1, sizeof(*usage));

    usage->front = front;
    gethostname(usage->hostname, sizeof(usage->hostname) - 1);
    return usage;
}

void usage_destroy(struct usage *usage)
{
    if (!usage)
        return;
    free(usage->ranks);
    free(usage);
}

/* Samples of earlier ranks are harmless: their pids are others. */
static void make_room(struct usage *usage, int count)
{
    if (count <= usage->count)
        return;
    usage->ranks = xrealloc(usage->ranks, (size_t)count * sizeof(*usage->ranks));
    memset(usage->ranks + usage->count, 0,
           (size_t)(count - usage->count) * sizeof(*usage->ranks));
    usage->count = count;
}

/* Percent of one CPU since the last time. */
static double rank_cpu(struct usage *usage, int rank, int pid)
{
    struct sample *last = &usage->ranks[rank], now = { .pid = pid };
    double percent = 0;

    now.time = loop_now();
    now.ticks = platform_cpu_ticks(pid);
    if (last->time && last->pid == pid && now.time > last->time && now.ticks >= 0)
        percent = (double)(now.ticks - last->ticks) * 100000
                  / (double)sysconf(_SC_CLK_TCK) / (double)(now.time - last->time);
    *last = now;
    return percent;
}

/* Of a rank of this host as it is now, of others as they said last. */
static int64_t rank_memory(const struct usage *usage, const struct rank_info *info)
{
    uint64_t pss;

    if (!strcmp(info->host, usage->hostname)
        && platform_process_memory(info->pid, NULL, &pss) == 0)
        return (int64_t)pss;
    return info->memory < 0 ? 0 : info->memory;
}

static const char *rank_state(const struct rank_info *info, bool is_busy)
{
    switch (info->state) {
    case RANK_READY:
        return is_busy ? "busy" : "idle";
    case RANK_LOST:
        return "dead";
    default:
        return "starting";
    }
}

static json_t *rank_entry(struct usage *usage, int rank, double *cpu, int64_t *memory)
{
    struct rank_info info = cluster_rank(usage->front->cluster, rank);
    json_t *cell = execute_where(usage->front->execute, rank);
    json_t *entry =
        json_pack("{s:i, s:s, s:i, s:s, s:o*}", "rank", rank, "host", info.host, "pid",
                  info.pid, "state", rank_state(&info, cell != NULL), "cell", cell);
    double percent;
    int64_t bytes;

    if (info.state != RANK_READY)
        return entry;
    percent = strcmp(info.host, usage->hostname) ? 0 : rank_cpu(usage, rank, info.pid);
    bytes = rank_memory(usage, &info);
    json_object_set_new(entry, "cpu", json_real(percent));
    json_object_set_new(entry, "memory", json_integer(bytes));
    *cpu += percent;
    *memory += bytes;
    return entry;
}

static void add_host(struct usage *usage, json_t *content)
{
    struct platform_host now, last = usage->host;
    uint64_t busy, spent;

    if (platform_host(&now) < 0 || now.memory == 0)
        return;
    usage->host = now;
    busy = now.busy - last.busy;
    spent = busy + now.idle - last.idle;
    if (last.memory && spent > 0)
        json_object_set_new(content, "host_cpu_percent",
                            json_real(100.0 * (double)busy / (double)spent));
    json_object_set_new(
        content, "host_virtual_memory",
        json_pack("{s:I, s:I, s:I, s:I, s:f}", "total", (json_int_t)now.memory,
                  "available", (json_int_t)now.available, "free", (json_int_t)now.free,
                  "used", (json_int_t)(now.memory - now.available), "percent",
                  100.0 * (double)(now.memory - now.available) / (double)now.memory));
}

json_t *usage_content(struct usage *usage)
{
    json_t *ranks = json_array(), *content;
    int64_t memory = 0;
    double cpu = 0;

    make_room(usage, cluster_size(usage->front->cluster));
    for (int rank = 0; rank < cluster_size(usage->front->cluster); rank++)
        json_array_append_new(ranks, rank_entry(usage, rank, &cpu, &memory));
    content = json_pack("{s:s, s:i, s:f, s:I, s:I, s:o}", "hostname", usage->hostname,
                        "pid", (int)getpid(), "kernel_cpu", cpu, "kernel_memory",
                        (json_int_t)memory, "cpu_count",
                        (json_int_t)sysconf(_SC_NPROCESSORS_ONLN), "ranks", ranks);
    add_host(usage, content);
    return content;
}
