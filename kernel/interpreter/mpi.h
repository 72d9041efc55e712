/* mpi.h - libmpiwait, found at run time
 *
 * This program is built without an MPI.  libmpiwait brings it in, before Python
 * starts, so that every MPI library that Python loads later sits above it.
 */
#ifndef INTERPRETER_MPI_H
#define INTERPRETER_MPI_H

#include <stdbool.h>
#include <stdint.h>

#include "kernel/base/error.h"
#include "kernel/page/page.h"

/* Loads 'path' for all; -1 with 'err' when it cannot be. */
int mpi_load(const char *path, struct error *err);
bool mpi_is_loaded(void);

/* The same beside what this thread does: loading can take 40 ms, where UCX puts its
 * hooks into mmap().  'path' is taken; 'page' is attached then. */
void mpi_load_begin(char *path, struct page *page);

/* Waits for mpi_load_begin(), when there was one; -1 with 'err' when it failed.  To be
 * called before anything that may load an MPI library. */
int mpi_load_end(struct error *err);

/* The rest does nothing when it is not loaded. */
void mpi_attach(struct page *page);
void mpi_progress(void);

/* Ends MPI calls that wait: for scripts, async-signal safe. */
void mpi_interrupt(void);

/* Collective over the living ranks.  Returns MPI's code, what the user should know (""
 * mostly; borrowed), and the size of the world, 0 without MPI. */
int mpi_heal(uint64_t cell, const char **text, int *size);

#endif
