/* python.h - the embedded CPython */
#ifndef INTERPRETER_PYTHON_H
#define INTERPRETER_PYTHON_H

#include <stdbool.h>

#include "kernel/base/error.h"

/* Starts Python as the python of the environment would.  With 'args' (argv[0]
 * included, NULL-terminated by count) they are a python command line; without, it
 * is for the kernel's own program.  -1 with 'err'. */
int python_start(int count, char **args, struct error *err);

/* Finds our packages: "rankbook_shell", and "mpi4py" unless 'refusal' is set: then
 * importing mpi4py raises an ImportError with that text; "" leaves mpi4py to the
 * environment. */
int python_find_ours(const char *refusal, struct error *err);

#endif
