/* main.c - rankbook-keeper: the small process that the process manager sees
 *
 * It stays until the whole job ends, also when its interpreter is gone: a process
 * that leaves early takes the job along.
 */
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/log.h"
#include "kernel/base/loop.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "kernel/keeper/keeper.h"

#define MEMORY_KEPT 8

/* A number from the first of the two variables that is set. */
static int read_number(const char *first, const char *second, int min, int *out,
                       struct error *err)
{
    const char *text = getenv(first);
    char *end;
    long value;

    if (!text)
        text = getenv(second);
    if (!text)
        return error_set(err, "neither %s nor %s is set", first, second);
    value = strtol(text, &end, 10);
    if (end == text || *end || value < min || value > 1048575)
        return error_set(err, "%s or %s is \"%s\"", first, second, text);
    *out = (int)value;
    return 0;
}

static int read_setup(struct keeper_setup *setup, char **program, struct error *err)
{
    const char *method = getenv("RANKBOOK_METHOD");
    int none = method && !strcmp(method, "none");
    const char *rank = none ? "RANKBOOK_RANK" : "PMI_RANK";
    const char *size = none ? "RANKBOOK_SIZE" : "PMI_SIZE";
    char *dir;

    if (!(setup->wire = getenv("RANKBOOK_WIRE"))
        || !(setup->secret = getenv("RANKBOOK_SECRET")))
        return error_set(err, "RANKBOOK_WIRE and RANKBOOK_SECRET must be set; the "
                              "launcher (rankbook kernel) does it");
    if (read_number(rank, "RANKBOOK_RANK", 0, &setup->rank, err) < 0
        || read_number(size, "RANKBOOK_SIZE", 1, &setup->size, err) < 0)
        return -1;
    dir = platform_program_dir();
    *program = xasprintf("%s/rankbook-interpreter", dir);
    setup->program = *program;
    free(dir);
    return 0;
}

static void open_log(int rank)
{
    const char *run = getenv("RANKBOOK_RUN");
    char *name = xasprintf("keeper %d", rank);
    char *path = run ? xasprintf("%s/log/keeper-%d.log", run, rank) : NULL;

    log_open(name, path);
    free(name);
    free(path);
}

/* hydra sends SIGUSR1 when a rank dies, and SIGINT is the launcher's business. */
static void ignore_signals(void)
{
    const int ignored[] = { SIGUSR1, SIGINT, SIGPIPE };
    struct sigaction action = { .sa_handler = SIG_IGN };

    for (size_t i = 0; i < sizeof(ignored) / sizeof(*ignored); i++)
        sigaction(ignored[i], &action, NULL);
}

int main(void)
{
    struct keeper_setup setup = { 0 };
    struct keeper *keeper = NULL;
    struct error err = { "" };
    struct loop *loop = NULL;
    char *program = NULL;
    int rc = 1;

    mallopt(M_ARENA_MAX, 1);
    platform_keep_memory(MEMORY_KEPT);
    ignore_signals();
    if (read_setup(&setup, &program, &err) < 0) {
        fprintf(stderr, "rankbook-keeper: %s\n", err.text);
        goto done;
    }
    open_log(setup.rank);
    loop = loop_create();
    if (!(keeper = keeper_create(loop, &setup, &err))) {
        log_error("%s", err.text);
        fprintf(stderr, "rankbook-keeper: %s\n", err.text);
        goto done;
    }
    /* the loop reads SIGTERM by now, so the parent's death is an orderly end */
    platform_die_with_parent(SIGTERM);
    rc = loop_run(loop) < 0;
done:
    keeper_destroy(keeper);
    loop_destroy(loop);
    log_close();
    free(program);
    return rc;
}
