/* client.h - the other end: a blocking-free client of a kernel's channels */
#ifndef JUPYTER_CLIENT_H
#define JUPYTER_CLIENT_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/jupyter/connection.h"
#include "kernel/jupyter/message.h"

struct client;

typedef void (*client_f)(enum channel from, struct message *msg, void *arg);

/* Connects; the kernel may bind later.  'call' runs for each message on shell,
 * control, stdin and iopub that is signed by the kernel; others are dropped.
 * 'msg' is borrowed. */
struct client *client_create(void *ctx, struct loop *loop,
                             const struct connection *connection, client_f call,
                             void *arg, struct error *err);
void client_destroy(struct client *client);

/* Sends a request; the content is stolen; 'id' receives its msg_id. */
int client_send_new(struct client *client, enum channel to, const char *type,
                    json_t *content, char id[MESSAGE_ID_SIZE], struct error *err);

#endif
