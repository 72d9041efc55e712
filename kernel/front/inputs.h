/* inputs.h - what ranks ask the user
 *
 * Ranks that ask the same are answered together, as they are shown together: a cell
 * that all ranks run asks once, and all get the answer.  So a question waits until
 * every rank of its cell has asked something, has ended, or is absent: it waits in
 * MPI, or has not asked for two seconds.  What not all living ranks ask is labelled,
 * "[0-1] name? ".
 *
 * A client answers one input_request at a time and does not say which, so different
 * questions are asked one after the other, in the order in which they came.
 */
#ifndef FRONT_INPUTS_H
#define FRONT_INPUTS_H

#include "kernel/front/front.h"

struct inputs;

struct inputs *inputs_create(struct front *front);

/* Accepts NULL. */
void inputs_destroy(struct inputs *inputs);

/* 'content' is that of the input_request, borrowed.  What the rank asked before, it
 * does not want to know any more. */
void inputs_ask(struct inputs *inputs, int rank, uint64_t cell, const json_t *content);

/* The rank waits for others, so nobody waits for its question; or it goes on. */
void inputs_absent(struct inputs *inputs, int rank, bool is_absent);

/* An input_reply; one that nobody waits for, or that comes from another client than
 * the one that was asked, is ignored. */
void inputs_reply(struct inputs *inputs, struct message *msg);

/* A client has gone: who waits for its answer gets an error. */
void inputs_check(struct inputs *inputs);

/* The cell, or the rank, does not wait for an answer any more. */
void inputs_forget(struct inputs *inputs, uint64_t cell);
void inputs_forget_rank(struct inputs *inputs, int rank);

#endif
