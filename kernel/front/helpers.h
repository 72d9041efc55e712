/* helpers.h - ranks that are idle while others compute
 *
 * They keep MPI going (messages to them, one-sided access), but only when the
 * others compute for a while: most cells end before it is worth a message.
 */
#ifndef FRONT_HELPERS_H
#define FRONT_HELPERS_H

#include "kernel/front/front.h"

struct helpers;

struct helpers *helpers_create(struct front *front);

/* Accepts NULL. */
void helpers_destroy(struct helpers *helpers);

/* In a moment all living ranks that are not in 'running' by then (borrowed until
 * helpers_stop()) are told to help. */
void helpers_later(struct helpers *helpers, const struct idset *running);

/* Nobody computes any more. */
void helpers_stop(struct helpers *helpers);

#endif
