/* execute.h - execute requests, and messages on comms: one at a time, on its ranks
 *
 * push -> queue -> begin (busy, execute_input, directive, RUN to the targets)
 *      -> done for each target -> finish (error, reply, idle) -> next
 *
 * A message on a comm goes the same way, to the ranks that hold the comm; it has no
 * input, no reply and no error of its own.
 */
#ifndef FRONT_EXECUTE_H
#define FRONT_EXECUTE_H

#include "kernel/front/front.h"

struct execute;

struct execute *execute_create(struct front *front);

/* Accepts NULL. */
void execute_destroy(struct execute *execute);

/* Takes its turn after those that came before. */
void execute_push(struct execute *execute, enum channel from, struct message *msg);

/* Begins what can begin: after the ranks are there, or have failed to come. */
void execute_next(struct execute *execute);

/* The number of the last cell that has one. */
json_int_t execute_count(const struct execute *execute);

/* The cell that runs is 'cell'. */
bool execute_is_running(const struct execute *execute, uint64_t cell);

/* Its targets that are not done, borrowed; NULL when another cell runs, or none. */
const struct idset *execute_running(const struct execute *execute, uint64_t cell);

/* What a rank runs: {"execution_count", "msg_id"} and what watch_where() says; NULL:
 * it is idle. */
json_t *execute_where(const struct execute *execute, int rank);

/* A rank has finished the cell; 'content' as in WIRE_DONE, NULL when it could not
 * be read. */
void execute_done(struct execute *execute, int rank, const json_t *content);

/* A rank is lost: it fails the cell it ran. */
void execute_lost(struct execute *execute, int rank);

/* 'waiting' as in WIRE_WAITING, stolen; NULL: it moves. */
void execute_waiting(struct execute *execute, int rank, json_t *waiting);

/* 'seen' as in WIRE_SEEN. */
void execute_seen(struct execute *execute, int rank, const json_t *seen);

/* Of the running cell; NULL: none runs. */
struct watch *execute_watch(const struct execute *execute);

/* Stop: the running cell, or those that wait for ranks; nothing while idle. */
void execute_interrupt(struct execute *execute);

/* MPI is in order again on this rank. */
void execute_healed(struct execute *execute, int rank, uint64_t cell,
                    const json_t *content);

#endif
