/* curve.h - encryption of the channels: CurveZMQ, with the keys of a connection file
 *
 * Keys are Z85 text of 40 characters.  Whoever knows the public one may connect, as
 * jupyter_client has it (its heartbeats make a pair of their own); who may speak is
 * still decided by the signature of each message.
 */
#ifndef JUPYTER_CURVE_H
#define JUPYTER_CURVE_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "kernel/jupyter/connection.h"

/* Whether libzmq was built with it. */
bool curve_is_there(void);

/* A connection without keys is in order; one with half a pair, or with keys that do
 * not belong together, is not: it would be open where somebody meant it closed. */
int curve_check(const struct connection *connection, struct error *err);

/* Before the socket is bound, or connected.  Nothing is set without keys.  -1 with
 * errno. */
int curve_serve(void *sock, const struct connection *connection);
int curve_connect(void *sock, const struct connection *connection);

#endif
