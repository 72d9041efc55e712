/* file.c - files: how they are opened, what they are, how they are seen */
#include "bindings/src/file.h"

#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ opening */
/* MPICH reads before the beginning of an empty name, to see how it ends.  A new
 * reference to bytes, NULL with the exception set. */
static PyObject *path_from(PyObject *filename)
{
    PyObject *path;

    if (!PyUnicode_FSConverter(filename, &path))
        return NULL;
    if (PyBytes_GET_SIZE(path) > 0)
        return path;
    Py_DECREF(path);
    mpi_raise(MPI_ERR_NO_SUCH_FILE);
    return NULL;
}

PyObject *file_Open_impl(PyTypeObject *cls, MPI_Comm comm, PyObject *filename,
                         int amode, MPI_Info info)
{
    MPI_File file = MPI_FILE_NULL;
    PyObject *path = path_from(filename);
    int rc;

    if (!path)
        return NULL;
    MPI_CALL(rc, MPI_File_open(comm, PyBytes_AS_STRING(path), amode, info, &file));
    Py_DECREF(path);
    if (mpi_check(rc) < 0 || errhandler_apply_file(file) < 0)
        return NULL;
    return file_wrap_as(cls, file);
}

int file_Close_impl(struct file_object *self)
{
    MPI_File file = self->mpi;
    int rc;

    MPI_CALL(rc, MPI_File_close(&file));
    if (mpi_check(rc) < 0)
        return -1;
    io_forget(self->mpi);
    self->mpi = file;
    return 0;
}

int file_Delete_impl(PyTypeObject *cls, PyObject *filename, MPI_Info info)
{
    PyObject *path = path_from(filename);
    int rc;

    if (!path)
        return -1;
    MPI_CALL(rc, MPI_File_delete(PyBytes_AS_STRING(path), info));
    Py_DECREF(path);
    return mpi_check(rc);
}

/* ------------------------------------------------------------ what it is */
int file_Set_size_impl(struct file_object *self, MPI_Count size)
{
    int rc;

    MPI_CALL(rc, MPI_File_set_size(self->mpi, size));
    return mpi_check(rc);
}

int file_Preallocate_impl(struct file_object *self, MPI_Count size)
{
    int rc;

    MPI_CALL(rc, MPI_File_preallocate(self->mpi, size));
    return mpi_check(rc);
}

typedef int (*offset_f)(MPI_File file, MPI_Offset *offset);

/* Asks the file system, or the file of the shared pointer. */
static PyObject *offset_query(struct file_object *self, offset_f query)
{
    MPI_Offset offset = 0;
    int rc;

    MPI_CALL(rc, query(self->mpi, &offset));
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLongLong(offset);
}

PyObject *file_Get_size_impl(struct file_object *self)
{
    return offset_query(self, MPI_File_get_size);
}

PyObject *file_Get_position_impl(struct file_object *self)
{
    return offset_query(self, MPI_File_get_position);
}

PyObject *file_Get_position_shared_impl(struct file_object *self)
{
    return offset_query(self, MPI_File_get_position_shared);
}

PyObject *file_Get_amode_impl(struct file_object *self)
{
    int amode = 0;

    if (mpi_check(MPI_File_get_amode(self->mpi, &amode)) < 0)
        return NULL;
    return PyLong_FromLong(amode);
}

PyObject *file_Get_group_impl(struct file_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(MPI_File_get_group(self->mpi, &group)) < 0)
        return NULL;
    return group_wrap(group);
}

static PyObject *group_query(struct file_object *self, int (*query)(MPI_Group, int *))
{
    MPI_Group group = MPI_GROUP_NULL;
    int value = -1, rc;

    if (mpi_check(MPI_File_get_group(self->mpi, &group)) < 0)
        return NULL;
    rc = query(group, &value);
    MPI_Group_free(&group);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(value);
}

PyObject *file_group_size_get(struct file_object *self)
{
    return group_query(self, MPI_Group_size);
}

PyObject *file_group_rank_get(struct file_object *self)
{
    return group_query(self, MPI_Group_rank);
}

int file_Set_info_impl(struct file_object *self, MPI_Info info)
{
    int rc;

    MPI_CALL(rc, MPI_File_set_info(self->mpi, info));
    return mpi_check(rc);
}

PyObject *file_Get_info_impl(struct file_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_File_get_info(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap(info);
}

int file_info_set(struct file_object *self, PyObject *value)
{
    MPI_Info info;

    return info_from(value, "info", &info) < 0 ? -1 : file_Set_info_impl(self, info);
}

int file_Set_atomicity_impl(struct file_object *self, bool flag)
{
    int rc;

    MPI_CALL(rc, MPI_File_set_atomicity(self->mpi, flag));
    return mpi_check(rc);
}

PyObject *file_Get_atomicity_impl(struct file_object *self)
{
    int flag = 0;

    if (mpi_check(MPI_File_get_atomicity(self->mpi, &flag)) < 0)
        return NULL;
    return PyBool_FromLong(flag);
}

int file_atomicity_set(struct file_object *self, PyObject *value)
{
    int flag = PyObject_IsTrue(value);

    return flag < 0 ? -1 : file_Set_atomicity_impl(self, flag);
}

int file_Sync_impl(struct file_object *self)
{
    int rc;

    MPI_CALL(rc, MPI_File_sync(self->mpi));
    return mpi_check(rc);
}

/* ------------------------------------------------------------ views */
int file_Set_view_impl(struct file_object *self, MPI_Count disp, MPI_Datatype etype,
                       struct datatype_object *filetype, const char *datarep,
                       MPI_Info info)
{
    MPI_Datatype type = filetype ? filetype->mpi : etype;
    int rc;

    MPI_CALL(rc, MPI_File_set_view(self->mpi, disp, etype, type, datarep, info));
    return mpi_check(rc);
}

PyObject *file_Get_view_impl(struct file_object *self)
{
    MPI_Datatype etype = MPI_DATATYPE_NULL, filetype = MPI_DATATYPE_NULL;
    char datarep[MPI_MAX_DATAREP_STRING + 1] = "";
    MPI_Offset disp = 0;

    if (mpi_check(MPI_File_get_view(self->mpi, &disp, &etype, &filetype, datarep)) < 0)
        return NULL;
    return Py_BuildValue("LNNs", (long long)disp, datatype_wrap(etype),
                         datatype_wrap(filetype), datarep);
}

PyObject *file_Get_type_extent_impl(struct file_object *self, MPI_Datatype datatype)
{
    MPI_Count extent = 0;

    if (mpi_check(MPI_File_get_type_extent_c(self->mpi, datatype, &extent)) < 0)
        return NULL;
    return PyLong_FromLongLong(extent);
}

PyObject *file_Get_byte_offset_impl(struct file_object *self, MPI_Count offset)
{
    MPI_Offset place = 0;

    if (mpi_check(MPI_File_get_byte_offset(self->mpi, offset, &place)) < 0)
        return NULL;
    return PyLong_FromLongLong(place);
}

int file_Seek_impl(struct file_object *self, MPI_Count offset, int whence)
{
    int rc;

    MPI_CALL(rc, MPI_File_seek(self->mpi, offset, whence));
    return mpi_check(rc);
}

int file_Seek_shared_impl(struct file_object *self, MPI_Count offset, int whence)
{
    int rc;

    MPI_CALL(rc, MPI_File_seek_shared(self->mpi, offset, whence));
    return mpi_check(rc);
}
