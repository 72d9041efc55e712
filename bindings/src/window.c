/* window.c - the memory that a window and its operations use */
#include "bindings/src/window.h"

#include "bindings/src/callback.h"
#include "bindings/src/error.h"

struct pin {
    struct buffer buf;
    int rank;                /* the target of the operation */
    unsigned long long turn; /* when it was pinned */
};

struct pins {
    struct pin *list;
    size_t count, room;
};

struct window {
    struct pins exposed; /* to other processes */
    struct pins held;    /* by operations */
    unsigned long long turn;
    struct window_part *parts; /* of each rank; a unit of -1 was not asked for */
    int size;                  /* of the group */
};

static const char capsule_name[] = "mpi4py.MPI window";
static int keyval = MPI_KEYVAL_INVALID;

/* ------------------------------------------------------------ pins */
static struct pin *pins_add(struct pins *pins)
{
    struct pin *list;

    if (pins->count == pins->room) {
        if (!(list = PyMem_Resize(pins->list, struct pin, 2 * pins->room + 4)))
            return NULL;
        pins->list = list;
        pins->room = 2 * pins->room + 4;
    }
    return &pins->list[pins->count++];
}

/* The list may change while a buffer is released, by what its object does: so the
 * pin leaves the list before. */
static void pins_remove(struct pins *pins, size_t idx)
{
    struct buffer buf = pins->list[idx].buf;

    pins->list[idx] = pins->list[--pins->count];
    buffer_release(&buf);
}

static void pins_clear(struct pins *pins)
{
    while (pins->count)
        pins_remove(pins, pins->count - 1);
    PyMem_Free(pins->list);
    *pins = (struct pins){ 0 };
}

/* ------------------------------------------------------------ windows */
static void window_destroy(PyObject *capsule)
{
    struct window *window = PyCapsule_GetPointer(capsule, capsule_name);

    window_clear(window);
    PyMem_Free(window->parts);
    PyMem_Free(window);
}

PyObject *window_create(struct window **window)
{
    PyObject *capsule;

    if (!(*window = PyMem_Calloc(1, sizeof(**window))))
        return PyErr_NoMemory();
    if (!(capsule = PyCapsule_New(*window, capsule_name, window_destroy)))
        PyMem_Free(*window);
    return capsule;
}

/* MPI_Win_free() deletes the attribute, which may come from C. */
static int delete_window(MPI_Win win, int key, void *value, void *extra)
{
    struct callback callback;

    if (callback_enter(&callback)) {
        Py_DECREF((PyObject *)value);
        callback_leave(&callback);
    }
    return MPI_SUCCESS;
}

static int make_keyval(void)
{
    if (keyval != MPI_KEYVAL_INVALID)
        return 0;
    return mpi_check(
        MPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, delete_window, &keyval, NULL));
}

int window_attach(PyObject *capsule, MPI_Win mpi)
{
    if (make_keyval() < 0 || mpi_check(MPI_Win_set_attr(mpi, keyval, capsule)) < 0)
        return -1;
    Py_INCREF(capsule);
    return 0;
}

/* Without leaving the GIL, so that two threads do not make two. */
static int find(struct win_object *self)
{
    struct window *window;
    PyObject *capsule = NULL;
    int found = 0;

    if (make_keyval() < 0
        || mpi_check(MPI_Win_get_attr(self->mpi, keyval, &capsule, &found)) < 0)
        return -1;
    if (found)
        Py_INCREF(capsule);
    else if (!(capsule = window_create(&window)))
        return -1;
    else if (window_attach(capsule, self->mpi) < 0) {
        Py_DECREF(capsule);
        return -1;
    }
    self->memory = capsule;
    return 0;
}

struct window *window_of(struct win_object *self)
{
    if (!self->memory && find(self) < 0)
        return NULL;
    return PyCapsule_GetPointer(self->memory, capsule_name);
}

void window_clear(struct window *window)
{
    pins_clear(&window->held);
    pins_clear(&window->exposed);
}

/* ------------------------------------------------------------ exposed memory */
int window_expose(struct window *window, PyObject *memory, struct buffer *buf)
{
    struct pin *pin;

    if (buffer_acquire(buf, memory, BUFFER_WRITABLE) < 0)
        return -1;
    if (!(pin = pins_add(&window->exposed))) {
        buffer_release(buf);
        PyErr_NoMemory();
        return -1;
    }
    pin->buf = *buf;
    buf->held = false;
    return 0;
}

/* The same memory may be exposed twice: the last one goes. */
void window_conceal(struct window *window, const void *addr)
{
    size_t idx = window->exposed.count;

    while (idx-- > 0) {
        if (window->exposed.list[idx].buf.addr == addr) {
            pins_remove(&window->exposed, idx);
            return;
        }
    }
}

/* ------------------------------------------------------------ parts */
static int allocate_parts(struct window *window, MPI_Win win)
{
    MPI_Group group = MPI_GROUP_NULL;
    int size = 0, rank;

    if (MPI_Win_get_group(win, &group) != MPI_SUCCESS)
        return -1;
    MPI_Group_size(group, &size);
    MPI_Group_free(&group);
    if (!(window->parts = PyMem_New(struct window_part, size)))
        return -1;
    for (rank = 0; rank < size; rank++)
        window->parts[rank].disp_unit = -1;
    window->size = size;
    return 0;
}

/* Since MPI 4.1 of all memory that processes share, however it came to be. */
static bool is_told(const int *flavor)
{
    bool of_all = MPI_VERSION > 4 || (MPI_VERSION == 4 && MPI_SUBVERSION > 0);

    return *flavor == MPI_WIN_FLAVOR_SHARED
           || (of_all && *flavor != MPI_WIN_FLAVOR_DYNAMIC);
}

static struct window_part query_part(MPI_Win win, int rank)
{
    struct window_part part = { 0, 0 };
    int *flavor = NULL, found = 0;
    void *base = NULL;

    MPI_Win_get_attr(win, MPI_WIN_CREATE_FLAVOR, &flavor, &found);
    if (found && is_told(flavor)
        && MPI_Win_shared_query_c(win, rank, &part.size, &part.disp_unit, &base)
               != MPI_SUCCESS)
        part.disp_unit = 0;
    return part;
}

struct window_part window_part(struct window *window, MPI_Win win, int rank)
{
    struct window_part unknown = { 0, 0 };

    if (!window->parts && allocate_parts(window, win) < 0)
        return unknown;
    if (rank < 0 || rank >= window->size)
        return unknown;
    if (window->parts[rank].disp_unit < 0)
        window->parts[rank] = query_part(win, rank);
    return window->parts[rank];
}

/* ------------------------------------------------------------ operations */
/* A loop that uses one array again and again pins it once. */
static bool is_same(const struct pin *pin, const struct buffer *buf, int rank)
{
    return pin->rank == rank && pin->buf.view.obj == buf->view.obj
           && pin->buf.addr == buf->addr && pin->buf.nbytes == buf->nbytes;
}

void window_hold(struct window *window, struct message *msg, int rank)
{
    struct pins *held = &window->held;
    struct pin *pin = held->count ? &held->list[held->count - 1] : NULL;

    if (!msg->buf.held)
        return;
    if (pin && is_same(pin, &msg->buf, rank)) {
        pin->turn = window->turn++;
        return;
    }
    /* Without memory for it, it is better lost than used by somebody else. */
    if ((pin = pins_add(held))) {
        pin->buf = msg->buf;
        pin->rank = rank;
        pin->turn = window->turn++;
    }
    msg->buf.held = false;
}

unsigned long long window_mark(const struct window *window)
{
    return window ? window->turn : 0;
}

void window_release(struct window *window, unsigned long long mark, int rank)
{
    const struct pin *pin;
    struct pins *held;
    size_t idx = 0;

    if (!window)
        return;
    held = &window->held;
    while (idx < held->count) {
        pin = &held->list[idx];
        if (pin->turn < mark && (rank == WINDOW_ALL_RANKS || rank == pin->rank))
            pins_remove(held, idx);
        else
            idx++;
    }
}
