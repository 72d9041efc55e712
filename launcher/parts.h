/* parts.h - where things are: our own parts, the Python, the mpiexec
 *
 * Our parts lie beside this program: BIN/rankbook-front, BIN/../lib/rankbook,
 * BIN/../share/rankbook.  Python and mpiexec belong to the environment that the
 * ranks run in.
 */
#ifndef LAUNCHER_PARTS_H
#define LAUNCHER_PARTS_H

#include <stdbool.h>

#include "kernel/base/error.h"
#include "launcher/strings.h"

struct parts {
    char *self;    /* this program */
    char *bin;     /* its directory */
    char *library; /* libmpiwait.so, python/ */
    char *share;   /* kernels/ */
};

int parts_init(struct parts *parts, struct error *err);
void parts_clear(struct parts *parts);

/* One of our programs, to be freed.  NULL when it is not there. */
char *parts_program(const struct parts *parts, const char *name, struct error *err);

/* The python of the environment: 'option' when not NULL, RANKBOOK_PYTHON, or the
 * one this program was built for.  To be freed; NULL when none can be executed. */
char *parts_python(const char *option, struct error *err);

/* RANKBOOK_MPIEXEC (a path, or a name in PATH) or the one this program was built
 * for.  To be freed. */
char *parts_mpiexec(struct error *err);

/* PATH of what runs in the environment: its own programs come first, so that
 * 'pip', 'mpicc' and 'mpiexec' in a cell are the environment's.  'mpiexec' may be
 * NULL. */
void parts_set_path(struct strings *env, const char *python, const char *mpiexec);

/* The directory that 'path' lies in, to be freed. */
char *path_parent(const char *path);
bool path_is_program(const char *path);

#endif
