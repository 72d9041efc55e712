/* words.h - what a process manager says when it ends */
#ifndef FRONT_WORDS_H
#define FRONT_WORDS_H

/* 'text' without the lines in which MPICH's mpiexec says only that a process ended
 * and where to read more; "" when nothing is left.  To be freed. */
char *words_plain(const char *text);

#endif
