/* exception.h - MPI.Exception and MPI.PeerError */
#ifndef SRC_EXCEPTION_H
#define SRC_EXCEPTION_H

#include "bindings/src/module.h"

/* A new MPI.Exception.  'text' replaces MPI's words for the code; NULL: MPI's. */
PyObject *exception_create(int code, const char *text);

/* The code of an MPI.Exception; MPI_ERR_OTHER for any other object. */
int exception_code(PyObject *error);

#endif
