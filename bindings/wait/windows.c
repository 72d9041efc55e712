/* windows.c - one-sided communication: where windows are made, and where they wait
 *
 * The members of a window meet on words of its own before the calls that all of them
 * make.  The others wait for what a target does, on a thread beside (side.h): whoever
 * gives one up breaks the window.  Of a window with one member nothing waits.
 */
#include <pthread.h>
#include <stddef.h>

#include "bindings/wait/arrive.h"
#include "bindings/wait/call.h"
#include "bindings/wait/collective.h"
#include "bindings/wait/comm.h"
#include "bindings/wait/layer.h"
#include "bindings/wait/pairs.h"
#include "bindings/wait/reason.h"
#include "bindings/wait/side.h"
#include "bindings/wait/wait.h"

static int keyval = MPI_KEYVAL_INVALID;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static int on_delete(MPI_Win win, int key, void *members, void *extra)
{
    comm_destroy(members);
    return MPI_SUCCESS;
}

static void make_keyval(void)
{
    PMPI_Win_create_keyval(MPI_WIN_NULL_COPY_FN, on_delete, &keyval, NULL);
}

/* NULL: nothing to wait for, or unknown, or for MPI to refuse. */
static struct comm *members_of(MPI_Win win)
{
    struct comm *members = NULL;
    int found = 0;

    if (!layer_is_on() || win == MPI_WIN_NULL || keyval == MPI_KEYVAL_INVALID)
        return NULL;
    PMPI_Win_get_attr(win, keyval, &members, &found);
    return found && members->way != COMM_ALONE ? members : NULL;
}

static MPI_Errhandler handler_of(MPI_Win win)
{
    MPI_Errhandler handler = MPI_ERRORS_RETURN;

    PMPI_Win_get_errhandler(win, &handler);
    return handler;
}

/* ---- made ---- */

static int adopt(int rc, struct comm *parent, MPI_Win win)
{
    struct comm *members;

    if (rc != MPI_SUCCESS || !(members = comm_shadow(parent, "window", &rc)))
        return rc;
    pthread_once(&once, make_keyval);
    return PMPI_Win_set_attr(win, keyval, members);
}

#define CREATE(name, kind_of, ...)                                                     \
    struct name##_args {                                                               \
        PAIRS_FIELDS(__VA_ARGS__)                                                      \
        CREATE_BASE(void *base;)                                                       \
        MPI_Win win;                                                                   \
    };                                                                                 \
    static int name##_run(void *arg)                                                   \
    {                                                                                  \
        struct name##_args *args = arg;                                                \
                                                                                       \
        return PMPI_##name(PAIRS_OF(__VA_ARGS__),                                      \
                           CREATE_BASE(&args->base, ) & args->win);                    \
    }                                                                                  \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__),                                   \
                          CREATE_BASE(void *baseptr, ) MPI_Win *win)                   \
    {                                                                                  \
        const struct call call = { .kind = CALL_##kind_of };                           \
        struct side_call side = { #kind_of, name##_run };                              \
        struct collective collective;                                                  \
        struct name##_args *args;                                                      \
        int rc;                                                                        \
                                                                                       \
        if (!collective_begin(&collective, comm, &call))                               \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__), CREATE_BASE(baseptr, ) win);  \
        if (!collective_may_start(&collective))                                        \
            return collective.rc;                                                      \
        args = side_args(sizeof(*args));                                               \
        *args = (struct name##_args){ PAIRS_NAMES(__VA_ARGS__) };                      \
        side.comm = collective.comm;                                                   \
        side.begun = collective.comm->way == COMM_PLACE;                               \
        side.handler = MPI_ERRORS_RETURN;                                              \
        PMPI_Comm_get_errhandler(comm, &side.handler);                                 \
        if (!side_run(&side, args, &rc))                                               \
            return rc;                                                                 \
        if (rc == MPI_SUCCESS) {                                                       \
            *win = args->win;                                                          \
            CREATE_BASE(*(void **)baseptr = args->base;)                               \
        }                                                                              \
        side_free(args);                                                               \
        return adopt(rc, collective.comm, *win);                                       \
    }

#define CREATE_BASE(...)
CREATE(Win_create, Win_create, 5, void *, base, MPI_Aint, size, int, unit, MPI_Info,
       info, MPI_Comm, comm)
CREATE(Win_create_c, Win_create, 5, void *, base, MPI_Aint, size, MPI_Aint, unit,
       MPI_Info, info, MPI_Comm, comm)
CREATE(Win_create_dynamic, Win_create_dynamic, 2, MPI_Info, info, MPI_Comm, comm)
#undef CREATE_BASE

#define CREATE_BASE(...) __VA_ARGS__
CREATE(Win_allocate, Win_allocate, 4, MPI_Aint, size, int, unit, MPI_Info, info,
       MPI_Comm, comm)
CREATE(Win_allocate_c, Win_allocate, 4, MPI_Aint, size, MPI_Aint, unit, MPI_Info, info,
       MPI_Comm, comm)
CREATE(Win_allocate_shared, Win_allocate_shared, 4, MPI_Aint, size, int, unit, MPI_Info,
       info, MPI_Comm, comm)
CREATE(Win_allocate_shared_c, Win_allocate_shared, 4, MPI_Aint, size, MPI_Aint, unit,
       MPI_Info, info, MPI_Comm, comm)

/* All have come; MPI frees it on this thread, which the user's callbacks belong to. */
EXPORT int MPI_Win_free(MPI_Win *win)
{
    const struct call call = { .kind = CALL_Win_free };
    struct comm *members = win ? members_of(*win) : NULL;
    struct collective collective;

    if (members && collective_enter(&collective, members, &call)
        && !collective_may_start(&collective))
        return collective.rc;
    return PMPI_Win_free(win);
}

/* ---- used ---- */

static int run(struct side_call *side, MPI_Win win, void *args)
{
    int rc;

    side->handler = handler_of(win);
    if (!side_run(side, args, &rc))
        return rc;
    side_free(args);
    return rc;
}

/* 'begin' returns from the function when the call may not be made. */
#define SYNCHRONIZE(name, begin, ...)                                                  \
    struct name##_args {                                                               \
        PAIRS_FIELDS(__VA_ARGS__)                                                      \
    };                                                                                 \
    static int name##_run(void *arg)                                                   \
    {                                                                                  \
        struct name##_args *args = arg;                                                \
                                                                                       \
        return PMPI_##name(PAIRS_OF(__VA_ARGS__));                                     \
    }                                                                                  \
    EXPORT int MPI_##name(PAIRS_PARAMS(__VA_ARGS__))                                   \
    {                                                                                  \
        struct comm *members = members_of(win);                                        \
        struct side_call side = { #name, name##_run, members };                        \
        struct name##_args *args;                                                      \
                                                                                       \
        if (!members)                                                                  \
            return PMPI_##name(PAIRS_NAMES(__VA_ARGS__));                              \
        begin;                                                                         \
        args = side_args(sizeof(*args));                                               \
        *args = (struct name##_args){ PAIRS_NAMES(__VA_ARGS__) };                      \
        return run(&side, win, args);                                                  \
    }

#define ALONE(name)                                                                    \
    if (members->health != COMM_OPEN)                                                  \
    return comm_refuse(members, #name)

#define TOGETHER(name)                                                                 \
    const struct call call = { .kind = CALL_##name };                                  \
    struct collective collective;                                                      \
                                                                                       \
    collective_enter(&collective, members, &call);                                     \
    if (!collective_may_start(&collective))                                            \
        return collective.rc;                                                          \
    side.begun = members->way == COMM_PLACE

SYNCHRONIZE(Win_fence, TOGETHER(Win_fence), 2, int, assert, MPI_Win, win)
SYNCHRONIZE(Win_lock, ALONE(Win_lock), 4, int, type, int, rank, int, assert, MPI_Win,
            win)
SYNCHRONIZE(Win_lock_all, ALONE(Win_lock_all), 2, int, assert, MPI_Win, win)
SYNCHRONIZE(Win_unlock, ALONE(Win_unlock), 2, int, rank, MPI_Win, win)
SYNCHRONIZE(Win_unlock_all, ALONE(Win_unlock_all), 1, MPI_Win, win)
SYNCHRONIZE(Win_flush, ALONE(Win_flush), 2, int, rank, MPI_Win, win)
SYNCHRONIZE(Win_flush_all, ALONE(Win_flush_all), 1, MPI_Win, win)
SYNCHRONIZE(Win_flush_local, ALONE(Win_flush_local), 2, int, rank, MPI_Win, win)
SYNCHRONIZE(Win_flush_local_all, ALONE(Win_flush_local_all), 1, MPI_Win, win)
SYNCHRONIZE(Win_start, ALONE(Win_start), 3, MPI_Group, group, int, assert, MPI_Win, win)
SYNCHRONIZE(Win_post, ALONE(Win_post), 3, MPI_Group, group, int, assert, MPI_Win, win)
SYNCHRONIZE(Win_complete, ALONE(Win_complete), 1, MPI_Win, win)

EXPORT int MPI_Win_wait(MPI_Win win)
{
    struct comm *members = members_of(win);
    struct wait wait;
    int done = 0, rc;

    if (!members)
        return PMPI_Win_wait(win);
    ALONE(Win_wait);
    wait_begin(&wait, "Win_wait", MPI_COMM_NULL, WAIT_NONE, WAIT_NONE);
    while ((rc = PMPI_Win_test(win, &done)) == MPI_SUCCESS && !done) {
        if (wait_pause(&wait)) {
            rc = reason_interrupted("Win_wait");
            break;
        }
    }
    wait_end(&wait);
    return rc;
}
