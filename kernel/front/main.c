/* main.c - rankbook-front: speaks Jupyter for all ranks
 *
 * One thread, one loop.  The launcher starts it with the connection file, the
 * number of ranks, the run directory and a descriptor to talk by.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zmq.h>

#include "kernel/base/log.h"
#include "kernel/base/mem.h"
#include "kernel/base/platform.h"
#include "kernel/front/front.h"

#define MEMORY_KEPT 8

static int config_read(int argc, char **argv, struct front_config *out)
{
    static const struct option known[] = {
        { "connection", required_argument, NULL, 'c' },
        { "ranks", required_argument, NULL, 'n' },
        { "usual", required_argument, NULL, 'u' },
        { "run", required_argument, NULL, 'd' },
        { "launcher", required_argument, NULL, 'l' },
        { "method", required_argument, NULL, 'm' },
        { NULL },
    };
    const char *standstill = getenv("RANKBOOK_STANDSTILL");
    const char *patience = getenv("RANKBOOK_STANDSTILL_MS");
    const char *unread = getenv("RANKBOOK_UNREAD_MB");
    int option;

    out->launcher = -1;
    out->unread = unread ? strtoull(unread, NULL, 10) << 20 : 0;
    out->patience = patience ? atoi(patience) : 0;
    out->fails_standstill = standstill && !strcmp(standstill, "fail");
    while ((option = getopt_long(argc, argv, "", known, NULL)) >= 0) {
        if (option == 'c')
            out->connection = optarg;
        else if (option == 'n')
            out->ranks = atoi(optarg);
        else if (option == 'u')
            out->usual = atoi(optarg);
        else if (option == 'd')
            out->run = optarg;
        else if (option == 'l')
            out->launcher = atoi(optarg);
        else if (option != 'm') /* how ranks are started is the launcher's */
            return -1;
    }
    return out->connection && out->run && out->ranks > 0 && out->launcher >= 0 ? 0 : -1;
}

static void on_terminate(struct loop *loop, int number, void *arg)
{
    log_info("signal %d", number);
    front_shutdown(arg);
}

static int front_run(const struct front_config *config)
{
    struct loop *loop = loop_create();
    struct front *front = NULL;
    struct error err = { "" };
    void *ctx = zmq_ctx_new();
    int status = 0;

    if (!ctx || !(front = front_create(ctx, loop, config, &err))) {
        log_error("cannot start: %s", err.text);
        fprintf(stderr, "rankbook: %s\n", err.text);
        status = 2; /* said; the launcher adds nothing */
    } else {
        loop_add_signal(loop, SIGTERM, on_terminate, front);
        if (loop_run(loop) < 0) {
            log_error("poll: %s, the kernel ends", strerror(errno));
            status = 1;
        }
    }
    front_destroy(front);
    loop_destroy(loop);
    if (ctx)
        zmq_ctx_term(ctx);
    return status;
}

int main(int argc, char **argv)
{
    struct front_config config = { 0 };
    char *log;
    int status;

    if (config_read(argc, argv, &config) < 0) {
        fprintf(stderr, "rankbook-front: started by 'rankbook kernel', not by hand\n");
        return 2;
    }
    platform_keep_memory(MEMORY_KEPT);
    /* A terminal's Ctrl-C comes as an order of the launcher. */
    signal(SIGINT, SIG_IGN);
    signal(SIGPIPE, SIG_IGN);
    fcntl(config.launcher, F_SETFD, FD_CLOEXEC);
    log = xasprintf("%s/log/front.log", config.run);
    log_open("front", log);
    free(log);
    if (sodium_init() < 0) {
        fprintf(stderr, "rankbook: libsodium cannot be used\n");
        return 1;
    }
    status = front_run(&config);
    log_close();
    return status;
}
