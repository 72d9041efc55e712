/* errorcode.h - the error codes that MPI has given out
 *
 * MPICH reads beyond its tables when it is asked for the text of a number that is no
 * code of its own.  So the module remembers those that are: the classes of the
 * standard, what the program added, what a call returned.  MPI is not asked about
 * others: their text is that of their class.
 */
#ifndef SRC_ERRORCODE_H
#define SRC_ERRORCODE_H

#include "bindings/src/module.h"

/* MPI gave 'code' out.  0; -1 with the exception set. */
int errorcode_note(int code);

/* 1 when it did, 0 when not, -1 with the exception set. */
int errorcode_is_known(int code);

/* MPI's words for it, as a str. */
PyObject *errorcode_string(int code);

#endif
