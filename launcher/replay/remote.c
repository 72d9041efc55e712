/* remote.c - the kernel that a replay runs its cells on
 *
 * It is ready when it has answered on shell and has welcomed us on iopub: before
 * that, output of a first cell could be lost.
 */
#include "launcher/replay/remote.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "kernel/base/mem.h"
#include "launcher/child.h"
#include "launcher/files.h"
#include "launcher/parts.h"
#include "launcher/process.h"
#include "launcher/rundir.h"
#include "launcher/strings.h"
#include "launcher/sweeper.h"

/* After the request, after SIGTERM.  A kernel needs 2.5 s at most. */
#define PATIENCE_MS 4000

struct remote {
    struct loop *loop;
    struct remote_calls calls;
    char *dir;
    struct sweeper *sweeper; /* of 'dir', should we be killed */
    struct connection connection;
    void *ctx;
    struct client *client;
    pid_t pid; /* 0: none */
    int pidfd;
    struct loop_watch *end;
    struct loop_watch *patience;
    int next_signal;
    json_t *info; /* the answer, until we are welcome as well */
    bool is_welcome;
    bool is_ready;
};

static void check_ready(struct remote *remote)
{
    if (remote->is_ready || !remote->is_welcome || !remote->info)
        return;
    remote->is_ready = true;
    remote->calls.ready(remote->info, remote->calls.arg);
}

static void on_message(enum channel from, struct message *msg, void *arg)
{
    struct remote *remote = arg;
    const char *type = message_type(msg);

    if (from == CHANNEL_IOPUB && !strcmp(type, "iopub_welcome")) {
        remote->is_welcome = true;
        check_ready(remote);
    } else if (from == CHANNEL_SHELL && !strcmp(type, "kernel_info_reply")) {
        json_decref(remote->info);
        remote->info = json_incref(message_content(msg));
        check_ready(remote);
    } else {
        remote->calls.message(from, msg, remote->calls.arg);
    }
}

static void on_end(struct loop *loop, void *arg)
{
    struct remote *remote = arg;
    int status = 0;

    if (waitpid(remote->pid, &status, WNOHANG) <= 0)
        return;
    remote->pid = 0;
    loop_remove(loop, remote->end);
    loop_remove(loop, remote->patience);
    remote->end = remote->patience = NULL;
    remote->calls.ended(status, remote->calls.arg);
}

static int start_process(struct remote *remote, const struct remote_setup *setup,
                         const char *file, struct error *err)
{
    struct child child = { .output = STDERR_FILENO, .keep = -1, .is_group = true };
    struct strings argv = { 0 }, env = { 0 };
    struct parts parts = { 0 };
    int rc = -1;

    if (parts_init(&parts, err) < 0)
        goto done;
    strings_add(&argv, parts.self);
    strings_add(&argv, "kernel");
    strings_add_format(&argv, "--file=%s", file);
    strings_add_format(&argv, "--ranks=%d", setup->ranks);
    if (setup->start)
        strings_add_format(&argv, "--start=%s", setup->start);
    if (setup->python)
        strings_add_format(&argv, "--python=%s", setup->python);
    child.argv = argv.list;
    strings_add_list(&env, environ);
    /* Nobody is there to stop a cell in which nobody moves. */
    strings_set_env(&env, "RANKBOOK_STANDSTILL", "fail");
    child.env = env.list;
    if ((remote->pid = child_start(&child, err)) < 0)
        goto done;
    if ((remote->pidfd = process_watch(remote->pid)) < 0) {
        error_set(err, "watch the kernel: %s", strerror(errno));
        goto done;
    }
    remote->end = loop_add_fd(remote->loop, remote->pidfd, on_end, remote);
    rc = 0;
done:
    strings_clear(&argv);
    strings_clear(&env);
    parts_clear(&parts);
    return rc;
}

struct remote *remote_start(struct loop *loop, const struct remote_setup *setup,
                            const struct remote_calls *calls, struct error *err)
{
    struct remote *remote = xcalloc(1, sizeof(*remote));
    char *file = NULL, *ip = NULL, id[MESSAGE_ID_SIZE];

    remote->loop = loop;
    remote->calls = *calls;
    remote->pidfd = -1;
    remote->next_signal = SIGTERM;
    if (!(remote->dir = rundir_create(err))
        || !(remote->sweeper = sweeper_start(remote->dir, err)))
        goto error;
    file = xasprintf("%s/kernel.json", remote->dir);
    ip = xasprintf("%s/k", remote->dir);
    connection_init(&remote->connection, "ipc", ip);
    remote->ctx = zmq_ctx_new();
    if (connection_write(file, &remote->connection, err) < 0
        || !(remote->client = client_create(remote->ctx, loop, &remote->connection,
                                            on_message, remote, err))
        || client_send_new(remote->client, CHANNEL_SHELL, "kernel_info_request",
                           json_object(), id, err)
               < 0
        || start_process(remote, setup, file, err) < 0)
        goto error;
    free(file);
    free(ip);
    return remote;
error:
    free(file);
    free(ip);
    remote_destroy(remote);
    return NULL;
}

void remote_destroy(struct remote *remote)
{
    if (!remote)
        return;
    if (remote->pid > 0) {
        kill(remote->pid, SIGKILL);
        waitpid(remote->pid, NULL, 0);
    }
    loop_remove(remote->loop, remote->end);
    loop_remove(remote->loop, remote->patience);
    if (remote->pidfd >= 0)
        close(remote->pidfd);
    client_destroy(remote->client);
    if (remote->ctx)
        zmq_ctx_term(remote->ctx);
    if (remote->connection.ip)
        connection_clear(&remote->connection);
    json_decref(remote->info);
    if (remote->dir && !remote->sweeper)
        files_remove_tree(remote->dir);
    sweeper_finish(remote->sweeper, false);
    free(remote->dir);
    free(remote);
}

int remote_send_new(struct remote *remote, enum channel to, const char *type,
                    json_t *content, char id[MESSAGE_ID_SIZE], struct error *err)
{
    return client_send_new(remote->client, to, type, content, id, err);
}

void remote_interrupt(struct remote *remote)
{
    char id[MESSAGE_ID_SIZE];

    remote_send_new(remote, CHANNEL_CONTROL, "interrupt_request", json_object(), id,
                    NULL);
}

static void on_impatience(struct loop *loop, void *arg)
{
    struct remote *remote = arg;

    remote->patience = NULL;
    if (remote->pid <= 0)
        return;
    kill(remote->pid, remote->next_signal);
    if (remote->next_signal == SIGKILL)
        return;
    remote->next_signal = SIGKILL;
    remote->patience = loop_add_timer(loop, PATIENCE_MS, 0, on_impatience, remote);
}

void remote_stop(struct remote *remote)
{
    char id[MESSAGE_ID_SIZE];

    if (remote->pid <= 0 || remote->patience)
        return;
    remote_send_new(remote, CHANNEL_CONTROL, "shutdown_request",
                    json_pack("{s:b}", "restart", 0), id, NULL);
    remote->patience =
        loop_add_timer(remote->loop, PATIENCE_MS, 0, on_impatience, remote);
}
