/* process.c - the processes of one run, found in /proc */
#include "launcher/process.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel/base/buf.h"

void process_each(process_f call, void *arg)
{
    DIR *dir = opendir("/proc");
    struct dirent *entry;
    char *end;
    long pid;

    if (!dir)
        return;
    while ((entry = readdir(dir))) {
        pid = strtol(entry->d_name, &end, 10);
        if (pid > 0 && !*end)
            call((pid_t)pid, arg);
    }
    closedir(dir);
}

static bool has_program_of_ours(pid_t pid)
{
    static const char *const prefixes[] = { "rankbook-", "mpiexec", "hydra_" };
    char link[40], path[PATH_MAX];
    const char *name;
    ssize_t size;

    snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
    if ((size = readlink(link, path, sizeof(path) - 1)) < 0)
        return false;
    path[size] = '\0';
    name = strrchr(path, '/');
    for (size_t i = 0; name && i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
        if (!strncmp(name + 1, prefixes[i], strlen(prefixes[i])))
            return true;
    return false;
}

/* The environment that a process was started with, entries ended by NULs. */
static int read_environment(pid_t pid, struct buf *buf)
{
    char path[40];
    ssize_t size;
    int fd;

    snprintf(path, sizeof(path), "/proc/%d/environ", (int)pid);
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return -1;
    while ((size = read(fd, buf_reserve(buf, 4096), 4096)) > 0)
        buf->size += (size_t)size;
    close(fd);
    buf_add(buf, "", 1);
    return size < 0 ? -1 : 0;
}

static bool is_of_run(pid_t pid, const char *run)
{
    static const char name[] = "RANKBOOK_RUN=";
    struct buf buf = { 0 };
    bool found = false;

    if (read_environment(pid, &buf) == 0) {
        for (const char *p = buf.data; !found && p < buf.data + buf.size;
             p += strlen(p) + 1)
            found = !strncmp(p, name, strlen(name)) && !strcmp(p + strlen(name), run);
    }
    buf_clear(&buf);
    return found;
}

struct search {
    const char *run;
    process_f call;
    void *arg;
};

static void look_at(pid_t pid, void *arg)
{
    struct search *search = arg;

    if (has_program_of_ours(pid) && is_of_run(pid, search->run))
        search->call(pid, search->arg);
}

void process_each_of_run(const char *run, process_f call, void *arg)
{
    process_each(look_at, &(struct search){ run, call, arg });
}

struct hunt {
    int signal;
    pid_t spared;
    int found;
};

static void signal_one(pid_t pid, void *arg)
{
    struct hunt *hunt = arg;

    if (pid == getpid() || pid == hunt->spared)
        return;
    hunt->found++;
    if (hunt->signal)
        kill(pid, hunt->signal);
}

int process_signal_run(const char *run, int signal, pid_t spared)
{
    struct hunt hunt = { signal, spared, 0 };

    process_each_of_run(run, signal_one, &hunt);
    return hunt.found;
}

int process_watch(pid_t pid)
{
    return (int)syscall(SYS_pidfd_open, pid, 0); /* CLOEXEC by itself */
}
