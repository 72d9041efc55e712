/* datatype.h - MPI datatypes: sizes, and the map from formats */
#ifndef SRC_DATATYPE_H
#define SRC_DATATYPE_H

#include "bindings/src/handle.h"

/* A PEP 3118 format or a numpy type string ("d", "<f8", "i4"); NULL: MPI_BYTE.
 * -1 with KeyError or BufferError set. */
int datatype_from_format(const char *format, MPI_Datatype *datatype);

/* Lower bound and extent; -1 with the exception set. */
int datatype_extent(MPI_Datatype datatype, MPI_Count *lb, MPI_Count *extent);

/* Size of a predefined datatype without gaps; 0 for all others. */
MPI_Count datatype_basic_size(MPI_Datatype datatype);

/* For pickling: how it was made.  A new reference, NULL with the exception set. */
PyObject *datatype_reduce(PyObject *self);

#endif
