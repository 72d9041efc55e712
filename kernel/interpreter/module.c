/* module.c - the built-in module _rankbook: the shell's way to the C side */
#include <Python.h>

#include "kernel/interpreter/module.h"

#include <stdio.h>
#include <string.h>

#include "kernel/base/murmur.h"
#include "kernel/interpreter/fault.h"
#include "kernel/interpreter/inbox.h"
#include "kernel/interpreter/meeting.h"
#include "kernel/interpreter/mpi.h"
#include "kernel/interpreter/outbox.h"

/* The page and the descriptor are the process's, not the module's: C threads and
 * forked children use them without Python. */
static struct {
    struct page *page;
    int record_fd;
} process;

static PyObject *raise(const struct error *err)
{
    PyErr_SetString(PyExc_OSError, err->text);
    return NULL;
}

/* ---- from the keeper ---- */

/* (type, cell, [bytes, ...]) */
static PyObject *record_new(const struct record *record)
{
    PyObject *frames = PyList_New(record->count);

    if (!frames)
        return NULL;
    for (uint32_t i = 0; i < record->count; i++) {
        PyObject *frame = PyBytes_FromStringAndSize(record->frames[i].data,
                                                    (Py_ssize_t)record->frames[i].size);

        if (!frame) {
            Py_DECREF(frames);
            return NULL;
        }
        PyList_SET_ITEM(frames, i, frame);
    }
    return Py_BuildValue("iKN", (int)record->type, (unsigned long long)record->cell,
                         frames);
}

PyDoc_STRVAR(recv_doc,
             "recv() -> [(type, cell, [bytes])]\n\n"
             "The records that are there.  EOFError when the keeper is gone.");

static PyObject *module_recv(PyObject *module, PyObject *unused)
{
    PyObject *list = PyList_New(0);
    struct error err = { "" };
    struct record *record;

    while (list && (record = inbox_next(&err))) {
        PyObject *item = record_new(record);

        record_destroy(record);
        if (!item || PyList_Append(list, item) < 0)
            Py_CLEAR(list);
        Py_XDECREF(item);
    }
    if (list && err.text[0] && PyList_GET_SIZE(list) == 0) {
        PyErr_SetString(PyExc_EOFError, err.text);
        Py_CLEAR(list);
    }
    return list;
}

PyDoc_STRVAR(wait_doc, "wait(ms)\n\nUntil a record, a wake(), a signal or the time.");

static PyObject *module_wait(PyObject *module, PyObject *arg)
{
    int ms = (int)PyLong_AsLong(arg);

    if (ms == -1 && PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS inbox_wait(ms);
    Py_END_ALLOW_THREADS if (PyErr_CheckSignals() < 0) return NULL;
    Py_RETURN_NONE;
}

PyDoc_STRVAR(wake_doc, "wake()\n\nEnds a wait() of the main thread.");

static PyObject *module_wake(PyObject *module, PyObject *unused)
{
    inbox_wake();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(clear_doc, "clear()\n\nForgets a wake(): for event loops on wake_fd.");

static PyObject *module_clear(PyObject *module, PyObject *unused)
{
    inbox_clear();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(assist_wait_doc,
             "assist_wait()\n\nUntil a record comes while a cell runs.");

static PyObject *module_assist_wait(PyObject *module, PyObject *unused)
{
    Py_BEGIN_ALLOW_THREADS inbox_assist_wait();
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

/* ---- to the keeper ---- */

/* The UTF-8 of a str, or bytes as they are.  Whatever encode() a subclass of str may
 * have; most text is ASCII, and is not copied. */
static int get_text(PyObject *object, Py_buffer *text)
{
    PyObject *encoded;
    Py_ssize_t size;
    int rc;

    if (!PyUnicode_Check(object))
        return PyObject_GetBuffer(object, text, PyBUF_SIMPLE);
    if ((size = PyUnicode_GetLength(object)) < 0)
        return -1;
    if (PyUnicode_IS_ASCII(object))
        return PyBuffer_FillInfo(text, object, PyUnicode_DATA(object), size, 1,
                                 PyBUF_SIMPLE);
    if (!(encoded = PyUnicode_AsEncodedString(object, "utf-8", "backslashreplace")))
        return -1;
    rc = PyObject_GetBuffer(encoded, text, PyBUF_SIMPLE);
    Py_DECREF(encoded);
    return rc;
}

PyDoc_STRVAR(write_doc, "write(stream, cell, text)\n\n"
                        "Text of a cell, str or bytes, for stdout (0), stderr (1), or\n"
                        "for stdout and for all ranks (2).");

static PyObject *module_write(PyObject *module, PyObject *const *args, Py_ssize_t count)
{
    struct error err = { "" };
    unsigned long long cell;
    Py_buffer text;
    int rc, stream;

    if (count != 3) {
        PyErr_SetString(PyExc_TypeError, "write() takes stream, cell and text");
        return NULL;
    }
    stream = (int)PyLong_AsLong(args[0]);
    cell = PyLong_AsUnsignedLongLong(args[1]);
    if (!PyErr_Occurred() && (stream < OUTBOX_STDOUT || stream > OUTBOX_COMMON))
        PyErr_Format(PyExc_ValueError, "there is no stream %d", stream);
    if (PyErr_Occurred() || get_text(args[2], &text) < 0)
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc =
        outbox_text((enum outbox_stream)stream, cell, text.buf, (size_t)text.len, &err);
    Py_END_ALLOW_THREADS PyBuffer_Release(&text);
    if (rc < 0)
        return raise(&err);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(flush_doc, "flush()\n\nSends the text that waits.");

static PyObject *module_flush(PyObject *module, PyObject *unused)
{
    struct error err = { "" };
    int rc;

    Py_BEGIN_ALLOW_THREADS rc = outbox_flush(&err);
    Py_END_ALLOW_THREADS if (rc < 0) return raise(&err);
    Py_RETURN_NONE;
}

/* The buffers of 'items' as frames; how many could be had is in '*done'. */
static int get_frames(PyObject *items, Py_buffer *buffers, struct record_frame *frames,
                      Py_ssize_t *done)
{
    for (*done = 0; *done < PySequence_Fast_GET_SIZE(items); ++*done) {
        PyObject *item = PySequence_Fast_GET_ITEM(items, *done);

        if (PyObject_GetBuffer(item, &buffers[*done], PyBUF_ANY_CONTIGUOUS) < 0)
            return -1;
        frames[*done].data = buffers[*done].buf;
        frames[*done].size = (size_t)buffers[*done].len;
    }
    return 0;
}

PyDoc_STRVAR(send_doc, "send(type, cell, frames)\n\nOne record.");

static PyObject *module_send(PyObject *module, PyObject *args)
{
    struct record_frame *frames = NULL;
    PyObject *items = NULL, *sequence;
    struct error err = { "" };
    Py_buffer *buffers = NULL;
    unsigned long long cell;
    Py_ssize_t count = 0;
    int type, rc = -1;

    if (!PyArg_ParseTuple(args, "iKO:send", &type, &cell, &sequence)
        || !(items = PySequence_Fast(sequence, "frames must be a sequence")))
        return NULL;
    if (PySequence_Fast_GET_SIZE(items) > RECORD_FRAMES_MAX) {
        PyErr_Format(PyExc_ValueError, "a record has at most %d frames",
                     RECORD_FRAMES_MAX);
        goto done;
    }
    buffers =
        PyMem_Calloc((size_t)PySequence_Fast_GET_SIZE(items) + 1, sizeof(*buffers));
    frames = PyMem_Calloc((size_t)PySequence_Fast_GET_SIZE(items) + 1, sizeof(*frames));
    if (!buffers || !frames) {
        PyErr_NoMemory();
        goto done;
    }
    if (get_frames(items, buffers, frames, &count) < 0)
        goto done;
    Py_BEGIN_ALLOW_THREADS rc =
        outbox_record((enum record_type)type, cell, frames, (uint32_t)count, &err);
    Py_END_ALLOW_THREADS if (rc < 0) raise(&err);
done:
    while (count > 0)
        PyBuffer_Release(&buffers[--count]);
    PyMem_Free(buffers);
    PyMem_Free(frames);
    Py_DECREF(items);
    if (rc < 0)
        return NULL;
    Py_RETURN_NONE;
}

/* ---- cells ---- */

PyDoc_STRVAR(cell_begin_doc, "cell_begin(cell)\n\nInterrupts are for this cell now.");

static PyObject *module_cell_begin(PyObject *module, PyObject *arg)
{
    unsigned long long cell = PyLong_AsUnsignedLongLong(arg);

    if (PyErr_Occurred())
        return NULL;
    if (cell)
        page_cell_begin(process.page, cell);
    inbox_cell_begin();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(cell_end_doc,
             "cell_end()\n\nThe cell is over; C's own output is flushed.");

static PyObject *module_cell_end(PyObject *module, PyObject *unused)
{
    page_cell_end(process.page);
    inbox_cell_end();
    Py_BEGIN_ALLOW_THREADS fflush(stdout);
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

PyDoc_STRVAR(set_place_doc, "set_place(count, line)\n\n"
                            "At which line of which cell the main thread is.");

static PyObject *module_set_place(PyObject *module, PyObject *args)
{
    unsigned count, line;

    if (!PyArg_ParseTuple(args, "II:set_place", &count, &line))
        return NULL;
    atomic_store(&process.page->place, page_place(count, line));
    Py_RETURN_NONE;
}

PyDoc_STRVAR(hurry_doc, "hurry()\n\nThe assist thread is wanted now.");

static PyObject *module_hurry(PyObject *module, PyObject *unused)
{
    inbox_cell_hurry();
    Py_RETURN_NONE;
}

PyDoc_STRVAR(interrupt_take_doc, "interrupt_take() -> reason\n\n"
                                 "0, or why the cell is to be interrupted.");

static PyObject *module_interrupt_take(PyObject *module, PyObject *unused)
{
    return PyLong_FromLong((long)page_interrupt_take(process.page, NULL));
}

PyDoc_STRVAR(signal_take_doc, "signal_take() -> bool\n\n"
                              "Whether a SIGINT that has come is to end the cell.");

static PyObject *module_signal_take(PyObject *module, PyObject *unused)
{
    return PyBool_FromLong(page_signal_take(process.page));
}

PyDoc_STRVAR(interrupted_doc, "interrupted() -> bool\n\n"
                              "An interrupt of the cell waits to be taken.");

static PyObject *module_interrupted(PyObject *module, PyObject *unused)
{
    return PyBool_FromLong(page_is_interrupted(process.page));
}

PyDoc_STRVAR(murmur2_doc, "murmur2(bytes, seed) -> int");

static PyObject *module_murmur2(PyObject *module, PyObject *args)
{
    unsigned seed;
    Py_buffer data;
    uint32_t hash;

    if (!PyArg_ParseTuple(args, "y*I:murmur2", &data, &seed))
        return NULL;
    hash = murmur2(data.buf, (size_t)data.len, seed);
    PyBuffer_Release(&data);
    return PyLong_FromUnsignedLong(hash);
}

/* ---- MPI ---- */

PyDoc_STRVAR(mpi_wait_doc, "mpi_wait()\n\n"
                           "Until libmpiwait is loaded, which the program has begun.");

static PyObject *module_mpi_wait(PyObject *module, PyObject *unused)
{
    struct error err = { "" };
    int rc;

    Py_BEGIN_ALLOW_THREADS rc = mpi_load_end(&err);
    Py_END_ALLOW_THREADS if (rc < 0) return raise(&err);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(meet_doc,
             "meet(path, size)\n\n"
             "Until 'size' ranks of this host have come to the new file 'path'.");

static PyObject *module_meet(PyObject *module, PyObject *args)
{
    const char *path;
    int size;

    if (!PyArg_ParseTuple(args, "si:meet", &path, &size))
        return NULL;
    Py_BEGIN_ALLOW_THREADS meeting_wait(path, size);
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

PyDoc_STRVAR(others_doc, "others() -> bool\n\nWhether other ranks compute now.");

static PyObject *module_others(PyObject *module, PyObject *unused)
{
    return PyBool_FromLong(mpi_is_loaded() && atomic_load(&process.page->others));
}

PyDoc_STRVAR(progress_doc, "progress()\n\nKeeps MPI going for a moment.");

static PyObject *module_progress(PyObject *module, PyObject *unused)
{
    Py_BEGIN_ALLOW_THREADS mpi_progress();
    Py_END_ALLOW_THREADS Py_RETURN_NONE;
}

PyDoc_STRVAR(heal_doc, "heal(cell) -> (code, text, size of the MPI world)\n\n"
                       "Sets MPI right after a cell, together with the other ranks.");

static PyObject *module_heal(PyObject *module, PyObject *number)
{
    uint64_t cell = PyLong_AsUnsignedLongLong(number);
    const char *text;
    int rc, size;

    if (PyErr_Occurred())
        return NULL;
    Py_BEGIN_ALLOW_THREADS rc = mpi_heal(cell, &text, &size);
    Py_END_ALLOW_THREADS return Py_BuildValue(
        "iNi", rc, PyUnicode_DecodeUTF8(text, (Py_ssize_t)strlen(text), "replace"),
        size);
}

PyDoc_STRVAR(watch_faults_doc,
             "watch_faults()\n\nThe main thread, once faulthandler is enabled: tells "
             "stack overflows apart.");

static PyObject *module_watch_faults(PyObject *module, PyObject *unused)
{
    fault_watch(process.page);
    Py_RETURN_NONE;
}

PyDoc_STRVAR(is_detached_doc, "is_detached() -> bool\n\nTrue in a forked child.");

static PyObject *module_is_detached(PyObject *module, PyObject *unused)
{
    return PyBool_FromLong(outbox_is_detached());
}

static PyMethodDef methods[] = {
    { "recv", module_recv, METH_NOARGS, recv_doc },
    { "wait", module_wait, METH_O, wait_doc },
    { "wake", module_wake, METH_NOARGS, wake_doc },
    { "clear", module_clear, METH_NOARGS, clear_doc },
    { "set_place", module_set_place, METH_VARARGS, set_place_doc },
    { "assist_wait", module_assist_wait, METH_NOARGS, assist_wait_doc },
    { "write", (PyCFunction)(void (*)(void))module_write, METH_FASTCALL, write_doc },
    { "flush", module_flush, METH_NOARGS, flush_doc },
    { "send", module_send, METH_VARARGS, send_doc },
    { "cell_begin", module_cell_begin, METH_O, cell_begin_doc },
    { "cell_end", module_cell_end, METH_NOARGS, cell_end_doc },
    { "hurry", module_hurry, METH_NOARGS, hurry_doc },
    { "signal_take", module_signal_take, METH_NOARGS, signal_take_doc },
    { "interrupt_take", module_interrupt_take, METH_NOARGS, interrupt_take_doc },
    { "interrupted", module_interrupted, METH_NOARGS, interrupted_doc },
    { "murmur2", module_murmur2, METH_VARARGS, murmur2_doc },
    { "mpi_wait", module_mpi_wait, METH_NOARGS, mpi_wait_doc },
    { "meet", module_meet, METH_VARARGS, meet_doc },
    { "others", module_others, METH_NOARGS, others_doc },
    { "progress", module_progress, METH_NOARGS, progress_doc },
    { "heal", module_heal, METH_O, heal_doc },
    { "watch_faults", module_watch_faults, METH_NOARGS, watch_faults_doc },
    { "is_detached", module_is_detached, METH_NOARGS, is_detached_doc },
    { NULL, NULL, 0, NULL },
};

static int add_constants(PyObject *module)
{
    const struct {
        const char *name;
        long value;
    } constants[] = {
        { "fd", process.record_fd },
        { "wake_fd", inbox_wake_fd() },
        { "RUN", RECORD_RUN },
        { "ASK", RECORD_ASK },
        { "INPUT_REPLY", RECORD_INPUT_REPLY },
        { "STOP", RECORD_STOP },
        { "HEAL", RECORD_HEAL },
        { "READY", RECORD_READY },
        { "DISPLAY", RECORD_DISPLAY },
        { "RESULT", RECORD_RESULT },
        { "COMM", RECORD_COMM },
        { "INPUT", RECORD_INPUT },
        { "ANSWER", RECORD_ANSWER },
        { "DONE", RECORD_DONE },
        { "HEALED", RECORD_HEALED },
        { "DEBUG", RECORD_DEBUG },
        { "STACK_SIGNAL", PAGE_STACK_SIGNAL },
    };

    for (size_t i = 0; i < sizeof(constants) / sizeof(*constants); i++) {
        if (PyModule_AddIntConstant(module, constants[i].name, constants[i].value) < 0)
            return -1;
    }
    return 0;
}

static PyModuleDef_Slot slots[] = {
    { Py_mod_exec, add_constants },
    { 0, NULL },
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "_rankbook",
    .m_methods = methods,
    .m_slots = slots,
};

static PyObject *create_module(void)
{
    return PyModuleDef_Init(&definition);
}

int module_register(struct page *page, int record_fd)
{
    process.page = page;
    process.record_fd = record_fd;
    return PyImport_AppendInittab("_rankbook", create_module);
}
