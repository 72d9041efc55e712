/* limits.c - whether there is room for so many ranks */
#include "launcher/limits.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "launcher/process.h"

/* A rank that has done nothing yet, its keeper included: 20 MB and 6 threads. */
#define RANK_MEMORY ((uint64_t)16 << 20)
#define RANK_THREADS 5
#define OTHER_FILES 32 /* that a process has open anyway */

/* ---- what there is ---- */

static uint64_t room(uint64_t limit, uint64_t used)
{
    return limit > used ? limit - used : 0;
}

static void narrow(uint64_t *value, uint64_t bound)
{
    if (*value > bound)
        *value = bound;
}

/* The number in a file of one line; false when there is none, as in "max". */
static bool read_number(const char *folder, const char *name, uint64_t *out)
{
    char *path = xasprintf("%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    bool is_read = file && fscanf(file, "%" SCNu64, out) == 1;

    if (file)
        fclose(file);
    free(path);
    return is_read;
}

/* Files that were read count as used, but are given up when memory is wanted. */
static uint64_t cached(const char *folder)
{
    char *path = xasprintf("%s/memory.stat", folder), line[128];
    FILE *file = fopen(path, "re");
    uint64_t bytes = 0;

    free(path);
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "inactive_file %" SCNu64, &bytes) == 1)
            break;
    if (file)
        fclose(file);
    return bytes;
}

/* Both versions of cgroups. */
static void narrow_by_group(const char *folder, struct limits *out)
{
    static const char *const memory[][2] = {
        { "memory.max", "memory.current" },
        { "memory.limit_in_bytes", "memory.usage_in_bytes" },
    };
    uint64_t limit, used;

    for (size_t i = 0; i < sizeof(memory) / sizeof(*memory); i++)
        if (read_number(folder, memory[i][0], &limit)
            && read_number(folder, memory[i][1], &used))
            narrow(&out->memory, room(limit, room(used, cached(folder))));
    if (read_number(folder, "pids.max", &limit)
        && read_number(folder, "pids.current", &used))
        narrow(&out->threads, room(limit, used));
}

/* A group's limits hold for those below it as well. */
static void narrow_by_groups(const char *root, const char *group, struct limits *out)
{
    char *folder = xasprintf("%s%s", root, group);
    size_t end = strlen(root);

    while (strlen(folder) > end) {
        narrow_by_group(folder, out);
        *strrchr(folder, '/') = '\0';
    }
    narrow_by_group(root, out);
    free(folder);
}

/* Lines like "0::/a/b", and "4:memory:/a/b" of version 1. */
static void narrow_by_container(struct limits *out)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[4096], *controller, *group, *root;

    while (file && fgets(line, sizeof(line), file)) {
        line[strcspn(line, "\n")] = '\0';
        if (!(controller = strchr(line, ':')) || !(group = strchr(++controller, ':')))
            continue;
        *group++ = '\0';
        if (*controller && strcmp(controller, "memory") && strcmp(controller, "pids"))
            continue;
        root = xasprintf("/sys/fs/cgroup%s%s", *controller ? "/" : "", controller);
        narrow_by_groups(root, strcmp(group, "/") ? group : "", out);
        free(root);
    }
    if (file)
        fclose(file);
}

static uint64_t threads_of(pid_t pid)
{
    char path[40];
    struct stat info;

    snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
    /* its entries, and two more links */
    return stat(path, &info) == 0 && info.st_nlink > 2 ? info.st_nlink - 2 : 0;
}

static void add_threads_of_user(pid_t pid, void *arg)
{
    char path[40];
    struct stat info;

    snprintf(path, sizeof(path), "/proc/%d", (int)pid);
    if (stat(path, &info) == 0 && info.st_uid == getuid())
        *(uint64_t *)arg += threads_of(pid);
}

static void narrow_by_process(struct limits *out)
{
    struct rlimit limit;
    uint64_t threads = 0;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY)
        narrow(&out->files, limit.rlim_cur);
    /* root is not bound by it */
    if (getuid() == 0 || getrlimit(RLIMIT_NPROC, &limit) < 0
        || limit.rlim_cur == RLIM_INFINITY)
        return;
    process_each(add_threads_of_user, &threads);
    narrow(&out->threads, room(limit.rlim_cur, threads));
}

static void give_back(pid_t pid, void *arg)
{
    struct limits *limits = arg;
    uint64_t memory = 0;

    platform_process_memory(pid, NULL, &memory);
    if (limits->memory < UINT64_MAX - memory)
        limits->memory += memory;
    if (limits->threads != UINT64_MAX)
        limits->threads += threads_of(pid);
}

void limits_read(const char *run, struct limits *out)
{
    struct platform_host host;

    *out = (struct limits){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
    if (platform_host(&host) == 0)
        narrow(&out->memory, host.available);
    narrow_by_container(out);
    narrow_by_process(out);
    process_each_of_run(run, give_back, out);
}

/* ---- what is wanted ---- */

int limits_check(const struct limits *limits, int ranks, int files, struct error *err)
{
    uint64_t number = (uint64_t)ranks;

    if (number * RANK_MEMORY > limits->memory)
        return error_set(err,
                         "no memory for %d ranks: they need %" PRIu64
                         " MB at least, and %" PRIu64 " MB are free",
                         ranks, number * (RANK_MEMORY >> 20), limits->memory >> 20);
    if (number * RANK_THREADS > limits->threads)
        return error_set(err,
                         "no room for %d ranks: they need %" PRIu64
                         " threads at least, and this user or container may have "
                         "%" PRIu64 " more (ulimit -u, pids.max)",
                         ranks, number * RANK_THREADS, limits->threads);
    if (number * (uint64_t)files + OTHER_FILES > limits->files)
        return error_set(err,
                         "too few open files for %d ranks: a process has %" PRIu64
                         " of them, and may have %" PRIu64 " (ulimit -n)",
                         ranks, number * (uint64_t)files + OTHER_FILES, limits->files);
    return 0;
}
