/* remote.h - the kernel that a replay runs its cells on
 *
 * A process "rankbook kernel" of its own, in a directory of its own, spoken to as
 * every Jupyter client does.
 */
#ifndef REPLAY_REMOTE_H
#define REPLAY_REMOTE_H

#include <jansson.h>

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/jupyter/client.h"

struct remote;

struct remote_setup {
    int ranks;
    const char *start;  /* method; NULL: the default */
    const char *python; /* NULL: the default */
};

struct remote_calls {
    /* The kernel answers; 'info' is the content of its kernel_info_reply. */
    void (*ready)(const json_t *info, void *arg);
    client_f message;
    /* The process has ended, with this wait status; also after remote_stop(). */
    void (*ended)(int status, void *arg);
    void *arg;
};

struct remote *remote_start(struct loop *loop, const struct remote_setup *setup,
                            const struct remote_calls *calls, struct error *err);

/* Kills the process when it has not ended. */
void remote_destroy(struct remote *remote);

/* The content is stolen; 'id' receives the msg_id. */
int remote_send_new(struct remote *remote, enum channel to, const char *type,
                    json_t *content, char id[MESSAGE_ID_SIZE], struct error *err);

void remote_interrupt(struct remote *remote);

/* Asks the kernel to end, and makes it end when it does not. */
void remote_stop(struct remote *remote);

#endif
