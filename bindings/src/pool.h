/* pool.h - memory for what is received */
#ifndef SRC_POOL_H
#define SRC_POOL_H

#include <stddef.h>

/* NULL when there is none; any thread, with the GIL or without. */
void *pool_alloc(size_t nbytes);

/* Accepts NULL.  'nbytes' is what was asked for. */
void pool_free(void *addr, size_t nbytes);

#endif
