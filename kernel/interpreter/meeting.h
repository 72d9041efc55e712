/* meeting.h - the ranks of one host wait for each other before MPI starts
 *
 * MPI_Init() spins until all ranks are in it.  Ranks that share cores take them
 * from the one that they wait for; so they meet here first, asleep.
 */
#ifndef INTERPRETER_MEETING_H
#define INTERPRETER_MEETING_H

/* Returns when 'size' processes have come to the file 'path', which nobody has made
 * before.  Returns early when that takes too long, or cannot be had: then they meet
 * in MPI_Init(). */
void meeting_wait(const char *path, int size);

#endif
