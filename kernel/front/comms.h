/* comms.h - which ranks hold which comm (widgets)
 *
 * Ranks that make the same comm, by the same line of a cell, give it the same id:
 * it is one comm, the client hears of it once, and what the client says goes to
 * all who hold it.  It is closed when the last of them has closed it.
 */
#ifndef FRONT_COMMS_H
#define FRONT_COMMS_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel/base/idset.h"
#include "kernel/jupyter/message.h"

struct comms;

struct comms *comms_create(void);

/* Accepts NULL. */
void comms_destroy(struct comms *comms);

/* 'rank' holds it from now on.  'target' is the target_name, "" when it is not
 * known. */
void comms_add(struct comms *comms, const char *id, const char *target, int rank);

/* 'rank' has closed it. */
void comms_leave(struct comms *comms, const char *id, int rank);

/* 'rank' is lost, and holds nothing. */
void comms_leave_all(struct comms *comms, int rank);

/* The ranks 'living' are numbered from 0 now. */
void comms_renumber(struct comms *comms, const struct idset *living);

/* The client has closed it. */
void comms_remove(struct comms *comms, const char *id);

/* The client knows of it, or is about to be told; false when it did before. */
bool comms_open(struct comms *comms, const char *id);

/* The client is to be told of the end: nobody holds it any more.  Forgets it. */
bool comms_close(struct comms *comms, const char *id);

/* A message of the client's is one of these: comm_open, comm_msg, comm_close. */
bool comms_has_type(const struct message *msg);

/* Which of the ranks 'living' it is for; to be destroyed.  A comm that the client
 * opens is offered to all of them, one that it closes is forgotten. */
struct idset *comms_address(struct comms *comms, struct message *msg,
                            const struct idset *living);

/* Borrowed until the next change; NULL: nobody knows it. */
const struct idset *comms_holders(const struct comms *comms, const char *id);

typedef void (*comms_f)(const char *id, void *arg);

/* Forgets them all; 'call' for each one that the client has been told of. */
void comms_end(struct comms *comms, comms_f call, void *arg);

/* {id: {"target_name": ...}} of those with the target name, of all when it is
 * NULL. */
json_t *comms_list(const struct comms *comms, const char *target);

#endif
