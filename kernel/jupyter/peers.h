/* peers.h - who is connected to a bound socket, and who does not read
 *
 * Nothing is lost for a slow reader: what it has not taken is kept.  Too much of it
 * is "full", and whoever makes the messages should stop until it is not any more.  A
 * reader that takes nothing for PEERS_STALL_MS while it is full is cut off, so that
 * the others go on.  It may connect again, and has then missed what it did not read.
 */
#ifndef JUPYTER_PEERS_H
#define JUPYTER_PEERS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/loop.h"
#include "kernel/jupyter/backlog.h"

#define PEERS_STALL_MS 10000

struct peers;

struct peers_calls {
    void (*gone)(void *arg); /* a connection has ended */
    void (*full)(bool is_full, void *arg);
};

/* Before 'sock' is bound.  'backlog' has what is sent there, of which 'limit' bytes
 * may wait; they are borrowed, as is 'calls'.  NULL with errno. */
struct peers *peers_create(void *ctx, void *sock, struct loop *loop,
                           const struct backlog *backlog, uint64_t limit,
                           const struct peers_calls *calls, void *arg);

/* Accepts NULL. */
void peers_destroy(struct peers *peers);

/* The connection of the descriptor 'fd', by which a message has just come: a number
 * that no other one gets; 0 when it is not known. */
uint64_t peers_source(struct peers *peers, int fd);

/* Whether that connection is there; true for 0. */
bool peers_has(struct peers *peers, uint64_t number);

/* To be called after each message. */
void peers_sent(struct peers *peers);

#endif
