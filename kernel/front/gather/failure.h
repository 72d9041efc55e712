/* failure.h - the errors of many ranks as one
 *
 * The first rank that failed of itself is the cause; ranks that failed because of
 * it (PeerError) or were told to stop (KeyboardInterrupt) come after it, whenever
 * they were heard.
 */
#ifndef GATHER_FAILURE_H
#define GATHER_FAILURE_H

#include <jansson.h>
#include <stdbool.h>

#include "kernel/base/idset.h"

struct failures;

struct failures *failures_create(void);

/* Accepts NULL. */
void failures_destroy(struct failures *failures);

/* 'error' is an object with ename, evalue and traceback; what is missing, or of
 * another type, counts as empty.  In the order in which the ranks failed. */
void failures_add(struct failures *failures, int rank, const json_t *error);
bool failures_is_empty(const struct failures *failures);

/* One {ename, evalue, traceback} for a cell of 'targets', to be freed; NULL when
 * none failed.  When all failed alike it is just what each of them said. */
json_t *failures_fold(const struct failures *failures, const struct idset *targets);

/* An error of our own making, as a rank would have sent it: its traceback is one
 * line. */
json_t *failure_new(const char *ename, const char *evalue);

#endif
