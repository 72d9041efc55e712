/* stale.h - shared memory files that killed ranks left behind
 *
 * MPI names its files in /dev/shm by hashes, so they cannot be told by name.  A
 * file is stale when its name begins as MPI's do, it is ours, it was made since
 * 'since', and no living process has mapped it, now and a moment later (a file
 * is mapped right after it was made, but not at once).  Containers that share
 * /dev/shm but not /proc cannot see each other's processes: theirs is the risk.
 */
#ifndef LAUNCHER_STALE_H
#define LAUNCHER_STALE_H

#include <time.h>

/* Removes them from 'dir' (/dev/shm).  Returns how many. */
int stale_remove(const char *dir, time_t since);

#endif
