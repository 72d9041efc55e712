/* heal.h - MPI is set right after a cell that failed or was stopped
 *
 * All living ranks are told, and the next cell waits until each has answered, but
 * not for ever.  When ranks have died, the others have made a smaller MPI world: they
 * are numbered by it from then on.  A rank that dies meanwhile begins it anew.
 */
#ifndef FRONT_HEAL_H
#define FRONT_HEAL_H

#include "kernel/front/front.h"

struct heal;
typedef void (*heal_f)(void *arg);

/* 'ended' is called when cells may run again. */
struct heal *heal_create(struct front *front, heal_f ended, void *arg);

/* Accepts NULL. */
void heal_destroy(struct heal *heal);

/* After 'cell'. */
void heal_begin(struct heal *heal, uint64_t cell);
bool heal_is_going(const struct heal *heal);

/* A rank has answered for 'cell': 'text' is for the user, maybe ""; 'size' is that of
 * its MPI world, 0 without MPI. */
void heal_answer(struct heal *heal, int rank, uint64_t cell, const char *text,
                 int size);
void heal_lost(struct heal *heal, int rank);

#endif
