/* inputs.h - what ranks ask the user
 *
 * A client answers one input_request at a time and does not say which, so the
 * ranks' questions are asked one after the other.
 */
#ifndef FRONT_INPUTS_H
#define FRONT_INPUTS_H

#include "kernel/front/front.h"

struct inputs;

struct inputs *inputs_create(struct front *front);

/* Accepts NULL. */
void inputs_destroy(struct inputs *inputs);

/* 'content' is that of the input_request, borrowed; 'is_labelled' puts the rank in
 * front of the prompt. */
void inputs_ask(struct inputs *inputs, int rank, uint64_t cell, const json_t *content,
                bool is_labelled);

/* An input_reply; one that nobody waits for is ignored. */
void inputs_reply(struct inputs *inputs, struct message *msg);

/* A client has gone: who waits for its answer gets an error. */
void inputs_check(struct inputs *inputs);

/* The cell, or the rank, does not wait for an answer any more. */
void inputs_forget(struct inputs *inputs, uint64_t cell);
void inputs_forget_rank(struct inputs *inputs, int rank);

#endif
