/* limits.h - whether there is room for so many ranks
 *
 * Asked before the ranks of now are ended: they would be lost for nothing.  Only what
 * any rank needs at least is counted; what is refused could not have worked.
 */
#ifndef LAUNCHER_LIMITS_H
#define LAUNCHER_LIMITS_H

#include <stdint.h>

#include "kernel/base/error.h"

/* What there is for all ranks together; UINT64_MAX: no limit is known. */
struct limits {
    uint64_t memory;  /* bytes */
    uint64_t threads; /* of this user, and of this container */
    uint64_t files;   /* that one process can have open */
};

/* What the run in the directory 'run' holds now counts as free. */
void limits_read(const char *run, struct limits *out);

/* 'files': how many one process has open for each rank.  -1 with 'err', which says
 * what is missing. */
int limits_check(const struct limits *limits, int ranks, int files, struct error *err);

#endif
