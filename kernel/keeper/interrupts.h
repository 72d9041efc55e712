/* interrupts.h - Stop, and what else ends a cell, on the way to the interpreter
 *
 * A word in the page says why; for Stop, SIGINT to the whole group comes after it.  An
 * interrupt is for the cell that runs: one that comes before the interpreter has begun
 * it waits until then, one that comes after it is nobody's.
 */
#ifndef KEEPER_INTERRUPTS_H
#define KEEPER_INTERRUPTS_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/loop.h"
#include "kernel/page/page.h"

struct interpreter;
struct interrupts;

/* All borrowed. */
struct interrupts *interrupts_create(struct loop *loop, struct page *page,
                                     struct interpreter *interpreter);

/* Accepts NULL. */
void interrupts_destroy(struct interrupts *interrupts);

/* The interpreter has been given 'cell'; 0: it has none any more. */
void interrupts_expect(struct interrupts *interrupts, uint64_t cell);

/* 'json' is what WIRE_INTERRUPT says. */
void interrupts_obey(struct interrupts *interrupts, const char *json);
void interrupts_stop(struct interrupts *interrupts);

/* What was sent to the running cell has not become an exception. */
bool interrupts_is_deaf(const struct interrupts *interrupts);

/* The interpreter was killed, since it was deaf. */
bool interrupts_has_killed(const struct interrupts *interrupts);

#endif
