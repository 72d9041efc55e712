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

/* NULL: not set. */
static const char *find_variable(const struct buf *environment, const char *name)
{
    const char *end = environment->data + environment->size;
    size_t length = strlen(name);

    for (const char *p = environment->data; p < end; p += strlen(p) + 1)
        if (!strncmp(p, name, length) && p[length] == '=')
            return p + length + 1;
    return NULL;
}

static bool is_of_run(pid_t pid, const char *run)
{
    struct buf buf = { 0 };
    const char *its_run, *session;
    bool is = false;

    if (read_environment(pid, &buf) == 0
        && (its_run = find_variable(&buf, "RANKBOOK_RUN")) && !strcmp(its_run, run)) {
        session = find_variable(&buf, "RANKBOOK_SESSION");
        is = has_program_of_ours(pid) || (session && getsid(pid) == atoi(session));
    }
    buf_clear(&buf);
    return is;
}

struct search {
    const char *run;
    process_f call;
    void *arg;
};

static void look_at(pid_t pid, void *arg)
{
    struct search *search = arg;

    if (is_of_run(pid, search->run))
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
