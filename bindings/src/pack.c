/* pack.c - entries of a datatype, in a row of bytes
 *
 * Packing does not communicate: the GIL stays held.  MPI trusts the position and, for
 * external32, the sizes of the memory; here they are checked.
 */
#include "bindings/src/buffer.h"
#include "bindings/src/datatype.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* 'data' has the entries, 'packed' the bytes. */
struct pack {
    struct buffer data, packed;
    MPI_Count count; /* entries that 'data' has room for */
};

static void pack_clear(struct pack *pack)
{
    buffer_release(&pack->data);
    buffer_release(&pack->packed);
}

static int measure(struct pack *pack, MPI_Datatype datatype, MPI_Count position)
{
    MPI_Count lb, extent;

    if (datatype_extent(datatype, &lb, &extent) < 0)
        return -1;
    if (extent <= 0) {
        PyErr_Format(PyExc_ValueError, "cannot count entries of extent %lld", extent);
        return -1;
    }
    if (position < 0 || position > pack->packed.nbytes) {
        PyErr_Format(PyExc_ValueError, "position %lld is outside of %zd packed bytes",
                     position, pack->packed.nbytes);
        return -1;
    }
    pack->count = pack->data.nbytes / extent;
    return 0;
}

/* The side that 'flags' belongs to is written. */
static int pack_init(struct pack *pack, PyObject *data, int data_flags,
                     PyObject *packed, int packed_flags, MPI_Datatype datatype,
                     MPI_Count position)
{
    pack->packed.held = false;
    if (buffer_acquire(&pack->data, data, data_flags) < 0)
        return -1;
    if (buffer_acquire(&pack->packed, packed, packed_flags) == 0
        && measure(pack, datatype, position) == 0)
        return 0;
    pack_clear(pack);
    return -1;
}

/* MPI writes behind the end of memory that is too small, or ends the process. */
static int check_room(const struct pack *pack, MPI_Count size, MPI_Count position)
{
    if (size <= pack->packed.nbytes - position)
        return 0;
    PyErr_Format(PyExc_ValueError,
                 "%lld packed bytes from position %lld do not fit %zd bytes", size,
                 position, pack->packed.nbytes);
    return -1;
}

static int fits(const struct pack *pack, MPI_Datatype datatype, MPI_Count position,
                MPI_Comm comm)
{
    MPI_Count size = 0;

    if (mpi_check(MPI_Pack_size_c(pack->count, datatype, comm, &size)) < 0)
        return -1;
    return check_room(pack, size, position);
}

static int fits_external(const struct pack *pack, const char *datarep,
                         MPI_Datatype datatype, MPI_Count position)
{
    MPI_Count size = 0;

    if (mpi_check(MPI_Pack_external_size_c(datarep, pack->count, datatype, &size)) < 0)
        return -1;
    return check_room(pack, size, position);
}

/* Unpacking ends with what was packed. */
static int limit_count(struct pack *pack, MPI_Datatype datatype, MPI_Count position)
{
    MPI_Count size = 0, packed;

    if (mpi_check(MPI_Type_size_c(datatype, &size)) < 0)
        return -1;
    packed = size > 0 ? (pack->packed.nbytes - position) / size : 0;
    if (pack->count > packed)
        pack->count = packed;
    return 0;
}

/* MPI is given the packed memory from the position on, because MPI_Unpack() forgets to
 * subtract the position from the size. */
#define PACKED(pack, position)                                                         \
    (char *)(pack)->packed.addr + (position), (pack)->packed.nbytes - (position)

/* The end of each: the new position. */
static PyObject *done(struct pack *pack, int rc, MPI_Count position)
{
    pack_clear(pack);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLongLong(position);
}

PyObject *datatype_Pack_impl(struct datatype_object *self, PyObject *inbuf,
                             PyObject *outbuf, MPI_Count position, MPI_Comm comm)
{
    MPI_Count moved = 0;
    struct pack pack;
    int rc;

    if (pack_init(&pack, inbuf, 0, outbuf, BUFFER_WRITABLE, self->mpi, position) < 0)
        return NULL;
    if (fits(&pack, self->mpi, position, comm) < 0) {
        pack_clear(&pack);
        return NULL;
    }
    rc = MPI_Pack_c(pack.data.addr, pack.count, self->mpi, PACKED(&pack, position),
                    &moved, comm);
    return done(&pack, rc, position + moved);
}

PyObject *datatype_Unpack_impl(struct datatype_object *self, PyObject *inbuf,
                               MPI_Count position, PyObject *outbuf, MPI_Comm comm)
{
    MPI_Count moved = 0;
    struct pack pack;
    int rc;

    if (pack_init(&pack, outbuf, BUFFER_WRITABLE, inbuf, 0, self->mpi, position) < 0)
        return NULL;
    if (limit_count(&pack, self->mpi, position) < 0) {
        pack_clear(&pack);
        return NULL;
    }
    rc = MPI_Unpack_c(PACKED(&pack, position), &moved, pack.data.addr, pack.count,
                      self->mpi, comm);
    return done(&pack, rc, position + moved);
}

PyObject *datatype_Pack_size_impl(struct datatype_object *self, MPI_Count count,
                                  MPI_Comm comm)
{
    MPI_Count size = 0;

    if (mpi_check(MPI_Pack_size_c(count, self->mpi, comm, &size)) < 0)
        return NULL;
    return PyLong_FromLongLong(size);
}

PyObject *datatype_Pack_external_impl(struct datatype_object *self, const char *datarep,
                                      PyObject *inbuf, PyObject *outbuf,
                                      MPI_Count position)
{
    MPI_Count moved = 0;
    struct pack pack;
    int rc;

    if (pack_init(&pack, inbuf, 0, outbuf, BUFFER_WRITABLE, self->mpi, position) < 0)
        return NULL;
    if (fits_external(&pack, datarep, self->mpi, position) < 0) {
        pack_clear(&pack);
        return NULL;
    }
    rc = MPI_Pack_external_c(datarep, pack.data.addr, pack.count, self->mpi,
                             PACKED(&pack, position), &moved);
    return done(&pack, rc, position + moved);
}

PyObject *datatype_Unpack_external_impl(struct datatype_object *self,
                                        const char *datarep, PyObject *inbuf,
                                        MPI_Count position, PyObject *outbuf)
{
    MPI_Count moved = 0;
    struct pack pack;
    int rc;

    if (pack_init(&pack, outbuf, BUFFER_WRITABLE, inbuf, 0, self->mpi, position) < 0)
        return NULL;
    if (fits_external(&pack, datarep, self->mpi, position) < 0) {
        pack_clear(&pack);
        return NULL;
    }
    rc = MPI_Unpack_external_c(datarep, PACKED(&pack, position), &moved, pack.data.addr,
                               pack.count, self->mpi);
    return done(&pack, rc, position + moved);
}

PyObject *datatype_Pack_external_size_impl(struct datatype_object *self,
                                           const char *datarep, MPI_Count count)
{
    MPI_Count size = 0;

    if (mpi_check(MPI_Pack_external_size_c(datarep, count, self->mpi, &size)) < 0)
        return NULL;
    return PyLong_FromLongLong(size);
}
