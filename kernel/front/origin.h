/* origin.h - where output comes from
 *
 * Everything that leaves a rank carries the number of the request that made it;
 * there is no "current parent".  The origins keep the last few hundred requests,
 * so that late output (threads, callbacks) still finds its cell.
 */
#ifndef FRONT_ORIGIN_H
#define FRONT_ORIGIN_H

#include "kernel/base/loop.h"
#include "kernel/front/gather/gather.h"
#include "kernel/jupyter/channels.h"

struct cluster;
struct origin;
struct origins;

struct origins *origins_create(struct loop *loop, struct channels *channels,
                               struct cluster *cluster, struct displays *displays,
                               struct comms *comms);

/* Accepts NULL. */
void origins_destroy(struct origins *origins);

/* Numbers 'request' and keeps a reference.  The origin is there until
 * origin_finish(), and a while longer. */
struct origin *origins_add(struct origins *origins, struct message *request,
                           const struct idset *targets, enum gather_mode mode,
                           bool is_silent);

/* NULL when the number is unknown, or too old. */
struct origin *origins_find(struct origins *origins, uint64_t id);

uint64_t origin_id(const struct origin *origin);
const struct message *origin_request(const struct origin *origin);

/* As in gather.h, with the time, and with timers for what has to wait. */
void origin_stream(struct origin *origin, int rank, const char *name, const void *text,
                   size_t size);
void origin_message(struct origin *origin, int rank, const char *type,
                    struct message_part content, const struct message_part *buffers,
                    size_t count);
void origin_comm(struct origin *origin, int rank, const char *type,
                 const struct message_part *parts, size_t count);
void origin_note(struct origin *origin, const char *name, const char *text);
void origin_done(struct origin *origin, int rank);

/* The request ends: all output is out when this returns. */
void origin_finish(struct origin *origin);

#endif
