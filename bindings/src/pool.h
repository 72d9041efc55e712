/* pool.h - memory for what is received
 *
 * A large message costs less than the pages it is received into: the first touch of
 * fresh memory is several times slower than a copy.  So what was received and dropped
 * is kept for the next message of about its size: not more than POOL_MAX bytes, the
 * oldest go first, and all after POOL_IDLE_MS without use.  Large blocks lie in huge
 * pages where the system has them.
 *
 * Any thread may call, with the GIL or without.
 */
#ifndef SRC_POOL_H
#define SRC_POOL_H

#include <stddef.h>

enum {
    POOL_LEAST =
        128 << 10, /* bytes: the system's own allocator keeps what is smaller */
    POOL_MAX = 256 << 20,
    POOL_BLOCKS = 128,
    POOL_IDLE_MS = 2000,
};

/* NULL when there is none. */
void *pool_alloc(size_t nbytes);

/* Accepts NULL.  'nbytes' is what was asked for. */
void pool_free(void *addr, size_t nbytes);

/* Gives back what nobody has used for long; to be called now and then.  Returns 0. */
int pool_trim(void *unused);

/* How many bytes are kept. */
size_t pool_kept(void);

#endif
