/* info.h - hints */
#ifndef SRC_INFO_H
#define SRC_INFO_H

#include "bindings/src/handle.h"

/* For pickling: the items.  A new reference, NULL with the exception set. */
PyObject *info_reduce(PyObject *self);

#endif
