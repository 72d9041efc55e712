/* platform.c - what only Linux offers, in one place */
#include "kernel/base/platform.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <malloc.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kernel/base/mem.h"

int platform_die_with(int signal, pid_t parent)
{
    if (prctl(PR_SET_PDEATHSIG, signal) < 0)
        return -1;
    if (getppid() != parent)
        return raise(signal) ? -1 : 0;
    return 0;
}

int platform_die_with_parent(int signal)
{
    /* a parent that is process 1 is no sign: in a container the launcher is it */
    return platform_die_with(signal, getppid());
}

int platform_subreaper(void)
{
    return prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -1 : 0;
}

char *platform_program_dir(void)
{
    char path[PATH_MAX];
    ssize_t size = readlink("/proc/self/exe", path, sizeof(path) - 1);
    char *slash;

    if (size <= 0)
        return xstrdup(".");
    path[size] = '\0';
    if (!(slash = strrchr(path, '/')))
        return xstrdup(".");
    return slash == path ? xstrdup("/") : xstrndup(path, (size_t)(slash - path));
}

int platform_memfd(const char *name, size_t size, struct error *err)
{
    int fd = memfd_create(name, MFD_CLOEXEC);

    if (fd < 0)
        return error_set(err, "memfd_create: %s", strerror(errno));
    if (ftruncate(fd, (off_t)size) < 0) {
        error_set(err, "size a memfd to %zu bytes: %s", size, strerror(errno));
        close(fd);
        return -1;
    }
    return fd;
}

int platform_set_cloexec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags < 0 || fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0 ? -1 : 0;
}

int platform_set_nonblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);

    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? -1 : 0;
}

/* ---- /proc/PID ---- */

static FILE *open_proc(pid_t pid, const char *name)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
    return fopen(path, "re");
}

int platform_process_memory(pid_t pid, uint64_t *rss, uint64_t *pss)
{
    FILE *file = open_proc(pid, "smaps_rollup");
    uint64_t found_rss = 0, found_pss = 0;
    bool have_rss = false, have_pss = false;
    char line[256];

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file)) {
        have_rss |= sscanf(line, "Rss: %" SCNu64, &found_rss) == 1;
        have_pss |= sscanf(line, "Pss: %" SCNu64, &found_pss) == 1;
    }
    fclose(file);
    if (!have_rss || !have_pss)
        return -1;
    if (rss)
        *rss = found_rss * 1024;
    if (pss)
        *pss = found_pss * 1024;
    return 0;
}

int64_t platform_cpu_ticks(pid_t pid)
{
    FILE *file = open_proc(pid, "stat");
    uint64_t user, system;
    char text[1024], *after;
    size_t size;

    if (!file)
        return -1;
    size = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[size] = '\0';
    /* the name of the program stands in brackets, and may hold some itself */
    if (!(after = strrchr(text, ')'))
        || sscanf(after,
                  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %" SCNu64 " %" SCNu64,
                  &user, &system)
               != 2)
        return -1;
    return (int64_t)(user + system);
}

static void read_wchan(pid_t pid, char *out, int size)
{
    FILE *file = open_proc(pid, "wchan");

    out[0] = '\0';
    if (!file)
        return;
    if (!fgets(out, size, file) || !strcmp(out, "0"))
        out[0] = '\0';
    fclose(file);
}

int platform_main_thread(pid_t pid, struct platform_thread *out)
{
    FILE *file = open_proc(pid, "status");
    struct platform_thread found = { 0 };
    char line[256];
    int fields = 0;

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file)) {
        fields += sscanf(line, "State: %c", &found.state) == 1;
        fields += sscanf(line, "SigBlk: %" SCNx64, &found.blocked) == 1;
        fields += sscanf(line, "SigIgn: %" SCNx64, &found.ignored) == 1;
        fields += sscanf(line, "SigCgt: %" SCNx64, &found.caught) == 1;
    }
    fclose(file);
    if (fields != 4)
        return -1;
    read_wchan(pid, found.in_kernel, sizeof(found.in_kernel));
    *out = found;
    return 0;
}

int platform_signal_main(pid_t pid, int signal)
{
    return tgkill(pid, pid, signal);
}

static int host_memory(struct platform_host *out)
{
    struct {
        const char *name;
        uint64_t *bytes;
        bool is_found;
    } fields[] = {
        { "MemTotal: %" SCNu64, &out->memory, false },
        { "MemAvailable: %" SCNu64, &out->available, false },
        { "MemFree: %" SCNu64, &out->free, false },
    };
    FILE *file = fopen("/proc/meminfo", "re");
    size_t found = 0;
    char line[128];

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file)) {
        for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
            if (!fields[i].is_found && sscanf(line, fields[i].name, fields[i].bytes)) {
                *fields[i].bytes *= 1024;
                fields[i].is_found = true;
                found++;
            }
        }
    }
    fclose(file);
    return found == sizeof(fields) / sizeof(*fields) ? 0 : -1;
}

static int host_time(struct platform_host *out)
{
    uint64_t user, nice, system, idle, wait, irq, soft, steal;
    FILE *file = fopen("/proc/stat", "re");
    int count;

    if (!file)
        return -1;
    count = fscanf(file,
                   "cpu %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu64
                   " %" SCNu64 " %" SCNu64 " %" SCNu64,
                   &user, &nice, &system, &idle, &wait, &irq, &soft, &steal);
    fclose(file);
    if (count != 8)
        return -1;
    out->busy = user + nice + system + irq + soft + steal;
    out->idle = idle + wait;
    return 0;
}

int platform_host(struct platform_host *out)
{
    return host_memory(out) == 0 && host_time(out) == 0 ? 0 : -1;
}

/* The number after "oom_kill" in a file of such lines; -1: there is none. */
static int64_t read_kills(const char *path)
{
    FILE *file = fopen(path, "re");
    int64_t count = -1;
    char line[128];

    if (!file)
        return -1;
    while (fgets(line, sizeof(line), file) && count < 0)
        sscanf(line, "oom_kill %" SCNd64, &count);
    fclose(file);
    return count;
}

/* 'line' is one of /proc/self/cgroup: "4:memory:/job" of the old system, "0::/job" of
 * the new one.  A container may see its own group as the root. */
static int64_t group_kills(char *line)
{
    char *names = strchr(line, ':'), *group = names ? strchr(names + 1, ':') : NULL;
    char path[PATH_MAX];
    const char *root, *file;
    int64_t count;

    if (!group)
        return -1;
    *group++ = '\0';
    group[strcspn(group, "\n")] = '\0';
    root = names[1] ? "/sys/fs/cgroup/memory" : "/sys/fs/cgroup";
    file = names[1] ? "memory.oom_control" : "memory.events";
    if (names[1] && strcmp(names + 1, "memory"))
        return -1;
    snprintf(path, sizeof(path), "%s%s/%s", root, group, file);
    if ((count = read_kills(path)) >= 0)
        return count;
    snprintf(path, sizeof(path), "%s/%s", root, file);
    return read_kills(path);
}

int64_t platform_memory_kills(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char *line = NULL;
    int64_t count = -1;
    size_t size = 0;

    while (file && count < 0 && getline(&line, &size, file) > 0)
        count = group_kills(line);
    free(line);
    if (file)
        fclose(file);
    return count >= 0 ? count : read_kills("/proc/vmstat");
}

/* Cuts a line of /proc/PID/maps down to the path; NULL when there is none. */
static char *maps_path(char *line)
{
    static const char deleted[] = " (deleted)";
    char *path = strchr(line, '/');
    size_t size;

    if (!path)
        return NULL;
    size = strcspn(path, "\n");
    path[size] = '\0';
    if (size >= sizeof(deleted) - 1
        && !strcmp(path + size - (sizeof(deleted) - 1), deleted))
        path[size - (sizeof(deleted) - 1)] = '\0';
    return path;
}

int platform_maps_files(pid_t pid, const char *prefix, platform_path_f call, void *arg)
{
    FILE *file = open_proc(pid, "maps");
    char *line = NULL, *path, **seen = NULL;
    int i, count = 0;
    size_t size = 0;

    if (!file)
        return -1;
    while (getline(&line, &size, file) > 0) {
        if (!(path = maps_path(line)) || strncmp(path, prefix, strlen(prefix)))
            continue;
        for (i = 0; i < count && strcmp(seen[i], path); i++)
            ;
        if (i < count)
            continue;
        seen = xrealloc(seen, (size_t)(count + 1) * sizeof(*seen));
        seen[count++] = xstrdup(path);
        call(path, arg);
    }
    for (i = 0; i < count; i++)
        free(seen[i]);
    free(seen);
    free(line);
    fclose(file);
    return count;
}

int platform_socket_flow(int fd, struct platform_flow *flow)
{
    struct tcp_info info = { 0 };
    socklen_t size = sizeof(info);
    int waiting;

    if (ioctl(fd, SIOCOUTQ, &waiting) < 0)
        return -1;
    flow->waiting = (uint64_t)waiting;
    flow->acked = 0;
    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) == 0)
        flow->acked = info.tcpi_bytes_acked;
    return 0;
}

void platform_keep_memory(int megabytes)
{
    mallopt(M_MMAP_THRESHOLD, megabytes << 20);
    mallopt(M_TRIM_THRESHOLD, 2 * megabytes << 20);
}
