/* restart.h - %ranks restart, %ranks N: the cell that asks for other ranks
 *
 * Belongs to the cells (execute.h), one of which may wait for it.  The launch does
 * the work; here is what the user is told of it.
 */
#ifndef FRONT_RESTART_H
#define FRONT_RESTART_H

#include "kernel/front/front.h"

struct restart;

/* The cell ends: 'ename' is NULL when all went well, and 'text' its output then, the
 * text of the error otherwise. */
typedef void (*restart_f)(const char *ename, const char *text, void *arg);

struct restart *restart_create(struct front *front, restart_f ended, void *arg);

/* Accepts NULL. */
void restart_destroy(struct restart *restart);

/* 'ranks' 0: as many as were started before. */
void restart_begin(struct restart *restart, int ranks);

/* The cell that runs waits for it. */
bool restart_is_awaited(const struct restart *restart);

/* The cell does not wait any longer.  The ranks start all the same: those before
 * them may be gone. */
void restart_leave(struct restart *restart);

#endif
