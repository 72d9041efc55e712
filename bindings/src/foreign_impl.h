/* foreign_impl.h - what the protocols of foreign.c share */
#ifndef SRC_FOREIGN_IMPL_H
#define SRC_FOREIGN_IMPL_H

#include <stdint.h>

#include "bindings/src/buffer.h"

/* An array that was found: 'owner' is what keeps its memory alive. */
struct foreign {
    PyObject *owner;
    void *addr;
    Py_ssize_t nbytes;
    const char *format; /* static, or NULL: bytes */
    bool readonly;
    bool is_device;
};

/* Each returns 0, or -1 with the exception set; 'protocol' begins its text. */
int foreign_size(const char *protocol, int ndim, const int64_t *shape, int64_t itemsize,
                 Py_ssize_t *nbytes);
/* C or Fortran order; 'unit' is the stride of neighbours. */
int foreign_check_strides(const char *protocol, int ndim, const int64_t *shape,
                          const int64_t *strides, int64_t unit);
/* References 'owner'. */
int foreign_set(struct buffer *buf, const char *protocol, const struct foreign *array,
                int flags);

/* Of a number: kind as in numpy's type strings.  NULL: there is none. */
const char *foreign_format(char kind, int64_t itemsize);

/* dlpack.c: the bound methods __dlpack_device__() and __dlpack__(). */
int dlpack_acquire(struct buffer *buf, PyObject *device, PyObject *method, int flags);

/* cuda_array.c: the value of __cuda_array_interface__. */
int cuda_array_acquire(struct buffer *buf, PyObject *object, PyObject *interface,
                       int flags);

#endif
