/* files.c - the calls on a file that all its members make
 *
 * They meet on words of the file's own, then make the call on a thread beside
 * (side.h).  Reading and writing that has begun ends by itself: only a death ends it
 * before.  MPI keeps no attributes of files, so they are in a list.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/pairs.h"
#include "bindings/wait/side.h"
#include "kernel/base/mem.h"

struct file {
    MPI_File handle;
    struct comm *members;
    struct file *next;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file *files;

static void file_add(MPI_File handle, struct comm *members)
{
    struct file *file = xcalloc(1, sizeof(*file));

    file->handle = handle;
    file->members = members;
    pthread_mutex_lock(&lock);
    file->next = files;
    files = file;
    pthread_mutex_unlock(&lock);
}

/* Returns its members, which are the caller's now. */
static struct comm *file_remove(MPI_File handle)
{
    struct comm *members = NULL;
    struct file **link, *file;

    pthread_mutex_lock(&lock);
    for (link = &files; (file = *link); link = &file->next) {
        if (file->handle == handle) {
            members = file->members;
            *link = file->next;
            free(file);
            break;
        }
    }
    pthread_mutex_unlock(&lock);
    return members;
}

/* NULL: nothing to wait for, or for MPI to refuse. */
static struct comm *members_of(MPI_File handle)
{
    struct comm *members = NULL;

    if (!layer_is_on())
        return NULL;
    pthread_mutex_lock(&lock);
    for (struct file *file = files; file && !members; file = file->next) {
        if (file->handle == handle)
            members = file->members;
    }
    pthread_mutex_unlock(&lock);
    return members;
}

static MPI_Errhandler handler_of(MPI_File handle)
{
    MPI_Errhandler handler = MPI_ERRORS_RETURN;

    PMPI_File_get_errhandler(handle, &handler);
    return handler;
}

/* ---- open and close ---- */

struct open_args {
    MPI_Comm comm;
    const char *name;
    int mode;
    MPI_Info info;
    MPI_File file;
};

static int open_run(void *arg)
{
    struct open_args *args = arg;

    return PMPI_File_open(args->comm, args->name, args->mode, args->info, &args->file);
}

EXPORT int MPI_File_open(MPI_Comm comm, const char *name, int mode, MPI_Info info,
                         MPI_File *file)
{
    const struct call call = { .kind = CALL_File_open };
    struct side_call side = { "File_open", open_run };
    struct collective collective;
    struct open_args *args;
    struct comm *members;
    int rc;

    if (!name || !collective_begin(&collective, comm, &call))
        return PMPI_File_open(comm, name, mode, info, file);
    if (!collective_may_start(&collective))
        return collective.rc;
    side.comm = collective.comm;
    side.begun = collective.comm->way == COMM_PLACE;
    side.handler = handler_of(MPI_FILE_NULL);
    args = side_args(sizeof(*args));
    *args = (struct open_args){ comm, NULL, mode, info, MPI_FILE_NULL };
    args->name = side_copy(args, name, strlen(name) + 1);
    if (!side_run(&side, args, &rc))
        return rc;
    if (rc == MPI_SUCCESS)
        *file = args->file;
    side_free(args);
    if (rc == MPI_SUCCESS && (members = comm_shadow(collective.comm, "file", &rc)))
        file_add(*file, members);
    return rc;
}

static int close_run(void *arg)
{
    return PMPI_File_close(arg);
}

EXPORT int MPI_File_close(MPI_File *file)
{
    const struct call call = { .kind = CALL_File_close };
    struct comm *members = file ? members_of(*file) : NULL;
    struct side_call side = { "File_close", close_run, members };
    struct collective collective;
    MPI_File *args;
    int rc;

    if (!members)
        return PMPI_File_close(file);
    collective_enter(&collective, members, &call);
    if (!collective_may_start(&collective))
        return collective.rc;
    side.begun = members->way == COMM_PLACE;
    side.handler = handler_of(*file);
    args = side_args(sizeof(*args));
    *args = *file;
    if (!side_run(&side, args, &rc))
        return rc;
    if (rc == MPI_SUCCESS)
        comm_destroy(file_remove(*file));
    *file = *args;
    side_free(args);
    return rc;
}

/* ---- the rest: whatever all make, with a status or without ---- */

/* The thread beside writes a status of its own: the caller's may be gone. */
#define TOGETHER(name, kind_of, keep, ...)                                             \
    struct name##_args {                                                               \
        PAIRS_FIELDS(__VA_ARGS__)                                                      \
        STATUS(MPI_Status status;)                                                     \
    };                                                                                 \
    static int name##_run(void *arg)                                                   \
    {                                                                                  \
        struct name##_args *args = arg;                                                \
                                                                                       \
        return PMPI_##name(PAIRS_OF(__VA_ARGS__) STATUS(, &args->status));             \
    }                                                                                  \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__) STATUS(, MPI_Status *status))      \
    {                                                                                  \
        const struct call call = { .kind = CALL_##kind_of };                           \
        struct comm *members = members_of(file);                                       \
        struct side_call side = { #kind_of, name##_run, members };                     \
        struct collective collective;                                                  \
        struct name##_args *args;                                                      \
        int rc;                                                                        \
                                                                                       \
        if (!members)                                                                  \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__) STATUS(, status));             \
        collective_enter(&collective, members, &call);                                 \
        if (!collective_may_start(&collective))                                        \
            return collective.rc;                                                      \
        args = side_args(sizeof(*args));                                               \
        *args = (struct name##_args){ PAIRS_NAMES(__VA_ARGS__) };                      \
        keep;                                                                          \
        side.begun = members->way == COMM_PLACE;                                       \
        side.handler = handler_of(file);                                               \
        if (!side_run(&side, args, &rc))                                               \
            return rc;                                                                 \
        STATUS(if (status != MPI_STATUS_IGNORE) *status = args->status;)               \
        side_free(args);                                                               \
        return rc;                                                                     \
    }

#define STATUS(...)
#define SIMPLE(name, ...) TOGETHER(name, name, (void)0, __VA_ARGS__)

TOGETHER(File_set_view, File_set_view,
         args->format = format ? side_copy(args, format, strlen(format) + 1) : NULL, 6,
         MPI_File, file, MPI_Offset, start, MPI_Datatype, etype, MPI_Datatype, filetype,
         const char *, format, MPI_Info, info)
SIMPLE(File_set_size, 2, MPI_File, file, MPI_Offset, size)
SIMPLE(File_preallocate, 2, MPI_File, file, MPI_Offset, size)
SIMPLE(File_set_atomicity, 2, MPI_File, file, int, flag)
SIMPLE(File_sync, 1, MPI_File, file)
SIMPLE(File_seek_shared, 3, MPI_File, file, MPI_Offset, offset, int, whence)

#define BOTH(name, ...)                                                                \
    TOGETHER(name, name, (void)0, __VA_ARGS__, int, count, MPI_Datatype, type)         \
    TOGETHER(name##_c, name, (void)0, __VA_ARGS__, MPI_Count, count, MPI_Datatype, type)

#define HERE MPI_File, file
#define THERE MPI_File, file, MPI_Offset, offset
#define TO void *, buf
#define FROM const void *, buf

BOTH(File_read_all_begin, 4, HERE, TO)
BOTH(File_write_all_begin, 4, HERE, FROM)
BOTH(File_read_at_all_begin, 5, THERE, TO)
BOTH(File_write_at_all_begin, 5, THERE, FROM)
BOTH(File_read_ordered_begin, 4, HERE, TO)
BOTH(File_write_ordered_begin, 4, HERE, FROM)
#undef STATUS

#define STATUS(...) __VA_ARGS__
BOTH(File_read_all, 4, HERE, TO)
BOTH(File_write_all, 4, HERE, FROM)
BOTH(File_read_at_all, 5, THERE, TO)
BOTH(File_write_at_all, 5, THERE, FROM)
BOTH(File_read_ordered, 4, HERE, TO)
BOTH(File_write_ordered, 4, HERE, FROM)
