/* asks.h - requests that one rank answers
 *
 * Completion, inspection and history go to the lead rank, debug requests to the rank
 * that is debugged; they wait until the ranks are there.  A rank that does not answer
 * in time is answered for, with an empty reply, so that no client hangs: soon, where
 * somebody types and waits; late, where an answer that comes late is as good.
 */
#ifndef FRONT_ASKS_H
#define FRONT_ASKS_H

#include "kernel/front/front.h"

struct asks;

struct asks *asks_create(struct front *front);

/* Accepts NULL. */
void asks_destroy(struct asks *asks);

/* 'rank' -1: the lead rank.  Publishes busy now, replies and publishes idle later. */
void asks_push(struct asks *asks, enum channel from, struct message *msg, int rank);

/* The ranks are there, or will never be: what waits is sent, or answered. */
void asks_next(struct asks *asks);

/* A rank's answer. */
void asks_answer(struct asks *asks, uint64_t id, struct message_part content);

/* What a lost rank still owed. */
void asks_lost(struct asks *asks, int rank);

#endif
