/* pool.c - memory for what is received */
#include "bindings/src/pool.h"

#include <stdlib.h>

void *pool_alloc(size_t nbytes)
{
    return malloc(nbytes ? nbytes : 1);
}

void pool_free(void *addr, size_t nbytes)
{
    (void)nbytes;
    free(addr);
}
