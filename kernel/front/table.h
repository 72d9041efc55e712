/* table.h - %ranks: who computes, where, and how they are */
#ifndef FRONT_TABLE_H
#define FRONT_TABLE_H

#include "kernel/front/cluster.h"

/* Lines of text, to be freed.  The last one says so when more or fewer ranks were
 * started than 'usual', the kernel's own number. */
char *table_format(const struct cluster *cluster, int usual);

#endif
