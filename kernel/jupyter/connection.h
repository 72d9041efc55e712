/* connection.h - the connection file: where the five channels are
 *
 * Read when it exists; a port of 0 is chosen when the channel is bound, and the
 * file is then written again (channels.h).  Written by programs that start a
 * kernel themselves (replay).
 */
#ifndef JUPYTER_CONNECTION_H
#define JUPYTER_CONNECTION_H

#include <jansson.h>

#include "kernel/base/error.h"

enum channel {
    CHANNEL_SHELL,
    CHANNEL_CONTROL,
    CHANNEL_STDIN,
    CHANNEL_IOPUB,
    CHANNEL_HEARTBEAT,
    CHANNEL_COUNT,
};

struct connection {
    char *transport; /* "tcp" or "ipc" */
    char *ip;        /* an address, or the path that "-PORT" is appended to */
    int ports[CHANNEL_COUNT];
    char *key;    /* "" : nothing is signed */
    char *scheme; /* "hmac-sha256" */
    char *kernel_name;
    char *curve_public; /* "": not encrypted (curve.h) */
    char *curve_secret;
};

/* A fresh one with a random key; ports 0 for tcp, 1..5 for ipc. */
void connection_init(struct connection *connection, const char *transport,
                     const char *ip);
int connection_read(const char *path, struct connection *connection, struct error *err);

/* Mode 0600, written beside and renamed: readers see all of it or nothing. */
int connection_write(const char *path, const struct connection *connection,
                     struct error *err);
void connection_clear(struct connection *connection);

/* {"shell_port": ..., ...} */
json_t *connection_ports(const struct connection *connection);

/* "tcp://127.0.0.1:5000" or "ipc://PATH-1"; to be freed. */
char *connection_endpoint(const struct connection *connection, enum channel channel);

#endif
