/* win.c - windows: how they are made, what they are */
#include "bindings/src/errhandler.h"
#include "bindings/src/error.h"
#include "bindings/src/window.h"
#include "mpi_impl.h"

/* ------------------------------------------------------------ making them */
/* Takes 'capsule', always. */
static PyObject *created(PyTypeObject *cls, int rc, MPI_Win win, PyObject *capsule)
{
    PyObject *object = NULL;

    if (mpi_check(rc) == 0 && window_attach(capsule, win) == 0
        && errhandler_apply_win(win) == 0)
        object = win_wrap_as(cls, win);
    if (object)
        ((struct win_object *)object)->memory = capsule;
    else
        Py_DECREF(capsule);
    return object;
}

PyObject *win_Create_impl(PyTypeObject *cls, PyObject *memory, int disp_unit,
                          MPI_Info info, MPI_Comm comm)
{
    struct buffer buf = { .addr = MPI_BOTTOM };
    MPI_Win win = MPI_WIN_NULL;
    struct window *window;
    PyObject *capsule = window_create(&window);
    int rc;

    if (!capsule)
        return NULL;
    if (memory != Py_None && memory != module->bottom
        && window_expose(window, memory, &buf) < 0) {
        Py_DECREF(capsule);
        return NULL;
    }
    MPI_CALL(rc, MPI_Win_create_c(buf.addr, buf.nbytes, disp_unit, info, comm, &win));
    return created(cls, rc, win, capsule);
}

typedef int (*allocate_f)(MPI_Aint size, MPI_Aint disp_unit, MPI_Info info,
                          MPI_Comm comm, void *base, MPI_Win *win);

static PyObject *allocate(PyTypeObject *cls, allocate_f call, MPI_Aint size,
                          int disp_unit, MPI_Info info, MPI_Comm comm)
{
    MPI_Win win = MPI_WIN_NULL;
    struct window *window;
    PyObject *capsule = window_create(&window);
    void *base = NULL;
    int rc;

    if (!capsule)
        return NULL;
    MPI_CALL(rc, call(size, disp_unit, info, comm, &base, &win));
    return created(cls, rc, win, capsule);
}

PyObject *win_Allocate_impl(PyTypeObject *cls, MPI_Aint size, int disp_unit,
                            MPI_Info info, MPI_Comm comm)
{
    return allocate(cls, MPI_Win_allocate_c, size, disp_unit, info, comm);
}

PyObject *win_Allocate_shared_impl(PyTypeObject *cls, MPI_Aint size, int disp_unit,
                                   MPI_Info info, MPI_Comm comm)
{
    return allocate(cls, MPI_Win_allocate_shared_c, size, disp_unit, info, comm);
}

PyObject *win_Create_dynamic_impl(PyTypeObject *cls, MPI_Info info, MPI_Comm comm)
{
    MPI_Win win = MPI_WIN_NULL;
    struct window *window;
    PyObject *capsule = window_create(&window);
    int rc;

    if (!capsule)
        return NULL;
    MPI_CALL(rc, MPI_Win_create_dynamic(info, comm, &win));
    return created(cls, rc, win, capsule);
}

/* The memory stays until all processes have left the window. */
int win_Free_impl(struct win_object *self)
{
    struct window *window = self->mpi == MPI_WIN_NULL ? NULL : window_of(self);
    PyObject *capsule = Py_XNewRef(self->memory);
    MPI_Win win = self->mpi;
    int rc;

    if (PyErr_Occurred())
        return -1;
    MPI_CALL(rc, MPI_Win_free(&win));
    if (rc == MPI_SUCCESS) {
        self->mpi = win;
        Py_CLEAR(self->memory);
        window_clear(window);
    }
    Py_XDECREF(capsule);
    return mpi_check(rc);
}

/* ------------------------------------------------------------ memory */
int win_Attach_impl(struct win_object *self, PyObject *memory)
{
    struct buffer buf = { .addr = MPI_BOTTOM };
    struct window *window;
    PyObject *capsule;
    int rc, result = -1;

    if (self->mpi == MPI_WIN_NULL)
        return mpi_check(MPI_Win_attach(self->mpi, NULL, 0));
    if (!(window = window_of(self)))
        return -1;
    /* What 'memory' does when it is asked may free the window. */
    capsule = Py_NewRef(self->memory);
    if (memory == module->bottom || window_expose(window, memory, &buf) == 0) {
        MPI_CALL(rc, MPI_Win_attach(self->mpi, buf.addr, buf.nbytes));
        if (rc != MPI_SUCCESS)
            window_conceal(window, buf.addr);
        result = mpi_check(rc);
    }
    Py_DECREF(capsule);
    return result;
}

int win_Detach_impl(struct win_object *self, PyObject *memory)
{
    struct buffer buf = { .addr = MPI_BOTTOM };
    struct window *window = NULL;
    int rc;

    if (memory != module->bottom && buffer_acquire(&buf, memory, 0) < 0)
        return -1;
    if (self->mpi != MPI_WIN_NULL && !(window = window_of(self))) {
        buffer_release(&buf);
        return -1;
    }
    MPI_CALL(rc, MPI_Win_detach(self->mpi, buf.addr));
    if (rc == MPI_SUCCESS && window)
        window_conceal(window, buf.addr);
    buffer_release(&buf);
    return mpi_check(rc);
}

/* What MPI knows of the memory of this process: some attributes are values, some
 * point to them. */
struct region {
    void *base;
    MPI_Aint size;
    int disp_unit;
};

static int attribute(MPI_Win win, int key, void *value)
{
    int found = 0;

    return mpi_check(MPI_Win_get_attr(win, key, value, &found)) < 0 ? -1 : found;
}

static int region_of(struct win_object *self, struct region *region)
{
    MPI_Aint *size = NULL;
    void *base = NULL;
    int *unit = NULL;

    if (attribute(self->mpi, MPI_WIN_BASE, &base) < 0
        || attribute(self->mpi, MPI_WIN_SIZE, &size) < 0
        || attribute(self->mpi, MPI_WIN_DISP_UNIT, &unit) < 0)
        return -1;
    *region = (struct region){ base, size ? *size : 0, unit ? *unit : 1 };
    return 0;
}

PyObject *win_attrs_get(struct win_object *self)
{
    struct region region;

    if (region_of(self, &region) < 0)
        return NULL;
    return Py_BuildValue("NLi", PyLong_FromVoidPtr(region.base), (long long)region.size,
                         region.disp_unit);
}

PyObject *win_tomemory_impl(struct win_object *self)
{
    struct region region;

    if (region_of(self, &region) < 0)
        return NULL;
    return buffer_wrap((PyObject *)self, region.base, region.size, false);
}

static int win_getbuffer(PyObject *object, Py_buffer *view, int flags)
{
    struct region region;

    view->obj = NULL;
    if (region_of((struct win_object *)object, &region) < 0)
        return -1;
    return PyBuffer_FillInfo(view, object, region.base, region.size, false, flags);
}

extern const PyType_Slot win_slots[];
const PyType_Slot win_slots[] = {
    { Py_bf_getbuffer, win_getbuffer },
    { 0 },
};

PyObject *win_Shared_query_impl(struct win_object *self, int rank)
{
    MPI_Aint size = 0, disp_unit = 1;
    PyObject *buffer;
    void *base = NULL;

    if (mpi_check(MPI_Win_shared_query_c(self->mpi, rank, &size, &disp_unit, &base))
        < 0)
        return NULL;
    if (!(buffer = buffer_wrap((PyObject *)self, base, size, false)))
        return NULL;
    return Py_BuildValue("NL", buffer, (long long)disp_unit);
}

/* ------------------------------------------------------------ queries */
static PyObject *kind_of(struct win_object *self, int key)
{
    int *value = NULL, found = attribute(self->mpi, key, &value);

    return found < 0 ? NULL : PyLong_FromLong(found ? *value : MPI_UNDEFINED);
}

PyObject *win_flavor_get(struct win_object *self)
{
    return kind_of(self, MPI_WIN_CREATE_FLAVOR);
}

PyObject *win_model_get(struct win_object *self)
{
    return kind_of(self, MPI_WIN_MODEL);
}

PyObject *win_Get_group_impl(struct win_object *self)
{
    MPI_Group group = MPI_GROUP_NULL;

    if (mpi_check(MPI_Win_get_group(self->mpi, &group)) < 0)
        return NULL;
    return group_wrap(group);
}

static PyObject *group_query(struct win_object *self, int (*query)(MPI_Group, int *))
{
    MPI_Group group = MPI_GROUP_NULL;
    int value = -1, rc;

    if (mpi_check(MPI_Win_get_group(self->mpi, &group)) < 0)
        return NULL;
    rc = query(group, &value);
    MPI_Group_free(&group);
    return mpi_check(rc) < 0 ? NULL : PyLong_FromLong(value);
}

PyObject *win_group_size_get(struct win_object *self)
{
    return group_query(self, MPI_Group_size);
}

PyObject *win_group_rank_get(struct win_object *self)
{
    return group_query(self, MPI_Group_rank);
}

int win_Set_info_impl(struct win_object *self, MPI_Info info)
{
    int rc;

    MPI_CALL(rc, MPI_Win_set_info(self->mpi, info));
    return mpi_check(rc);
}

PyObject *win_Get_info_impl(struct win_object *self)
{
    MPI_Info info = MPI_INFO_NULL;

    if (mpi_check(MPI_Win_get_info(self->mpi, &info)) < 0)
        return NULL;
    return info_wrap(info);
}

int win_info_set(struct win_object *self, PyObject *value)
{
    MPI_Info info;

    return info_from(value, "info", &info) < 0 ? -1 : win_Set_info_impl(self, info);
}

PyObject *win_Get_name_impl(struct win_object *self)
{
    char name[MPI_MAX_OBJECT_NAME + 1] = "";
    int length = 0;

    if (mpi_check(MPI_Win_get_name(self->mpi, name, &length)) < 0)
        return NULL;
    return PyUnicode_FromStringAndSize(name, length);
}

int win_Set_name_impl(struct win_object *self, const char *name)
{
    return mpi_check(MPI_Win_set_name(self->mpi, name));
}

int win_name_set(struct win_object *self, PyObject *value)
{
    const char *name = bind_string(value, "name");

    return name ? win_Set_name_impl(self, name) : -1;
}
