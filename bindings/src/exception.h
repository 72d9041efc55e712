/* exception.h - MPI.Exception and MPI.PeerError */
#ifndef SRC_EXCEPTION_H
#define SRC_EXCEPTION_H

#include "bindings/src/module.h"

/* A new MPI.Exception.  'text' replaces MPI's words for the code; NULL: MPI's. */
PyObject *exception_create(int code, const char *text);

/* MPI's words for a code, as a str. */
PyObject *exception_string(int code);

#endif
