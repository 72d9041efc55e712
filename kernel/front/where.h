/* where.h - %where: what each rank does, at any time
 *
 * The one cell that does not wait for its turn: whoever asks while a cell runs, from
 * another client or on the control channel, is answered at once.  It has no number of
 * its own, and no rank hears of it.
 */
#ifndef FRONT_WHERE_H
#define FRONT_WHERE_H

#include "kernel/front/front.h"

/* Whether 'msg', an execute_request, is nothing but %where. */
bool where_is_asked(const struct front *front, struct message *msg);

/* Publishes busy, the text and idle, and replies. */
void where_answer(struct front *front, enum channel from, struct message *msg);

#endif
