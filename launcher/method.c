/* method.c - the ways to start ranks, as data */
#include "launcher/method.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct method {
    const char *name;
    bool needs_mpiexec;
    bool is_process_per_rank; /* else one process manager for all */
    int files;                /* that one process has open for each rank */
    void (*argv)(const struct job *job, int idx, struct strings *argv);
    void (*env)(const struct job *job, int idx, struct strings *env);
};

static void mpiexec_argv(const struct job *job, int idx, struct strings *argv)
{
    /* One host, and no ssh to it: works offline, in a container, and inside a
     * batch job of several hosts, which a socket on this one could not reach.
     * -disable-auto-cleanup: a rank that ends early leaves the others alone. */
    static const char *const fixed[] = { "-disable-auto-cleanup", "-launcher", "fork",
                                         "-hosts", "localhost" };

    strings_add(argv, job->mpiexec);
    for (size_t i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++)
        strings_add(argv, fixed[i]);
    strings_add(argv, "-n");
    strings_add_format(argv, "%d", job->ranks);
    strings_add(argv, job->keeper);
}

/* All ranks are on this host, and their messages go through memory.  UCX is told so:
 * it looks for networks otherwise, and hooks mmap() for them, which alone spins for
 * 40 ms in every rank.  What the user has set stays.  The names go along, because
 * a program that a cell starts may use a network. */
static const struct {
    const char *name;
    const char *value;
} one_host[] = {
    { "UCX_TLS", "self,posix" },
    { "UCX_MEM_MMAP_HOOK_MODE", "none" },
};

static void mpiexec_env(const struct job *job, int idx, struct strings *env)
{
    char names[80] = "";

    for (size_t i = 0; i < sizeof(one_host) / sizeof(one_host[0]); i++) {
        if (strings_env(env, one_host[i].name))
            continue;
        strings_set_env(env, one_host[i].name, one_host[i].value);
        strcat(names, *names ? " " : "");
        strcat(names, one_host[i].name);
    }
    strings_set_env(env, "RANKBOOK_ONE_HOST", names);
}

static void none_argv(const struct job *job, int idx, struct strings *argv)
{
    strings_add(argv, job->keeper);
}

static void none_env(const struct job *job, int idx, struct strings *env)
{
    char text[16];

    snprintf(text, sizeof(text), "%d", idx);
    strings_set_env(env, "RANKBOOK_RANK", text);
    snprintf(text, sizeof(text), "%d", job->ranks);
    strings_set_env(env, "RANKBOOK_SIZE", text);
}

static const struct method methods[] = {
    { "mpiexec", true, false, 4, mpiexec_argv, mpiexec_env },
    { "none", false, true, 1, none_argv, none_env },
};

#define METHOD_COUNT (sizeof(methods) / sizeof(methods[0]))

const struct method *method_find(const char *name, struct error *err)
{
    char names[80] = "";

    for (size_t i = 0; i < METHOD_COUNT; i++) {
        if (!strcmp(methods[i].name, name))
            return &methods[i];
        strcat(names, i ? ", " : "");
        strcat(names, methods[i].name);
    }
    error_set(err, "'%s' is no way to start ranks: choose from %s", name, names);
    return NULL;
}

const char *method_name(const struct method *method)
{
    return method->name;
}

bool method_needs_mpiexec(const struct method *method)
{
    return method->needs_mpiexec;
}

int method_files(const struct method *method)
{
    return method->files;
}

int method_processes(const struct method *method, const struct job *job)
{
    return method->is_process_per_rank ? job->ranks : 1;
}

void method_argv(const struct method *method, const struct job *job, int idx,
                 struct strings *argv)
{
    method->argv(job, idx, argv);
}

void method_env(const struct method *method, const struct job *job, int idx,
                struct strings *env)
{
    strings_set_env(env, "RANKBOOK_METHOD", method->name);
    method->env(job, idx, env);
}
