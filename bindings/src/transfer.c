/* transfer.c - objects under way in several messages
 *
 * All requests of all transfers lie in one array, so that one MPI_Testsome() looks at
 * them: a rank that has posted many receives must not pay for each in every round of a
 * wait.  Beside it lies whose each request is.
 *
 * The lock is held while MPI is called.  MPI calls back (query, free, cancel) with
 * locks of its own held, so these take none of ours.
 */
#include "bindings/src/transfer.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bindings/src/pool.h"
#include "bindings/wait/mpiwait.h"

enum { HEADER = -1 }; /* the index of a header among pieces */

struct transfer {
    atomic_int refs;
    atomic_bool is_cancelled; /* somebody wants that */
    atomic_bool is_freed;     /* MPI knows the request no more */
    bool is_receiving, is_parcel, is_damaged;
    int left; /* requests that are not done, and 1 while more may be added */
    int rc;   /* of the first that failed */
    MPI_Request request;
    MPI_Status status; /* of the header */
    struct transfer_piece memory;
    struct parcel parcel;
    struct transfer_piece *pieces; /* of a receive */
};

static struct {
    pthread_mutex_t lock;
    atomic_int count;
    atomic_bool has_cancelled;
    int room;
    MPI_Request *requests;
    struct part {
        struct transfer *transfer;
        int idx;
    } * parts;
    int *indices;
    MPI_Status *statuses;
    struct result {
        struct part part;
        MPI_Status status;
        int rc;
    } * results;
} active = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_uint next_tag;

/* ------------------------------------------------------------ transfers */
static struct transfer *create(bool is_receiving)
{
    struct transfer *transfer = calloc(1, sizeof(*transfer));

    if (!transfer)
        return NULL;
    atomic_init(&transfer->refs, 1);
    transfer->is_receiving = is_receiving;
    transfer->left = 1;
    transfer->request = MPI_REQUEST_NULL;
    transfer->status.MPI_SOURCE = MPI_ANY_SOURCE;
    transfer->status.MPI_TAG = MPI_ANY_TAG;
    /* MPICH 4.0 has it for small counts only. */
    PMPI_Status_set_elements(&transfer->status, MPI_BYTE, 0);
    MPI_Status_set_cancelled(&transfer->status, 0);
    return transfer;
}

static struct transfer *ref(struct transfer *transfer)
{
    atomic_fetch_add(&transfer->refs, 1);
    return transfer;
}

void transfer_unref(struct transfer *transfer)
{
    int idx;

    if (!transfer || atomic_fetch_sub(&transfer->refs, 1) > 1)
        return;
    for (idx = 0; transfer->pieces && idx < transfer->parcel.count; idx++)
        pool_free(transfer->pieces[idx].addr, transfer->pieces[idx].nbytes);
    free(transfer->pieces);
    free(transfer);
}

/* ------------------------------------------------------------ MPI's view of it */
static int on_query(void *state, MPI_Status *status)
{
    struct transfer *transfer = state;

    *status = transfer->status;
    return transfer->rc;
}

static int on_free(void *state)
{
    struct transfer *transfer = state;

    atomic_store(&transfer->is_freed, true);
    transfer_unref(transfer);
    return MPI_SUCCESS;
}

static int on_cancel(void *state, int complete)
{
    struct transfer *transfer = state;

    if (complete || !transfer->is_receiving)
        return MPI_SUCCESS;
    atomic_store(&transfer->is_cancelled, true);
    atomic_store(&active.has_cancelled, true);
    return MPI_SUCCESS;
}

/* PMPI: that this calls no function of Python's libmpiwait need not know. */
static int show(struct transfer *transfer, MPI_Request *request)
{
    int rc = PMPI_Grequest_start(on_query, on_free, on_cancel, ref(transfer),
                                 &transfer->request);

    if (rc != MPI_SUCCESS)
        transfer_unref(transfer);
    *request = transfer->request;
    return rc;
}

/* ------------------------------------------------------------ the registry */
static bool grow(void *array, size_t size, int room)
{
    void *grown = realloc(*(void **)array, size * (size_t)room);

    if (grown)
        *(void **)array = grown;
    return grown != NULL;
}

static bool make_room(int count)
{
    int room = active.room;

    if (count <= room)
        return true;
    while (room < count)
        room = 2 * room + 16;
    if (!grow(&active.requests, sizeof(*active.requests), room)
        || !grow(&active.parts, sizeof(*active.parts), room)
        || !grow(&active.indices, sizeof(*active.indices), room)
        || !grow(&active.statuses, sizeof(*active.statuses), room)
        || !grow(&active.results, sizeof(*active.results), room))
        return false;
    active.room = room;
    return true;
}

static void fail(struct transfer *transfer, int rc)
{
    if (transfer->rc == MPI_SUCCESS)
        transfer->rc = rc;
}

/* Takes the result 'rc' of the call that began 'request'.  With the lock, and room. */
static void add(struct transfer *transfer, int idx, MPI_Request request, int rc)
{
    int at = atomic_load(&active.count);

    if (rc != MPI_SUCCESS) {
        fail(transfer, rc);
        return;
    }
    transfer->left++;
    active.requests[at] = request;
    active.parts[at] = (struct part){ ref(transfer), idx };
    atomic_store(&active.count, at + 1);
}

/* One less to wait for. */
static void settle(struct transfer *transfer)
{
    if (--transfer->left > 0)
        return;
    if (!atomic_load(&transfer->is_freed))
        PMPI_Grequest_complete(transfer->request);
}

/* ------------------------------------------------------------ pieces */
static int allocate(struct transfer *transfer)
{
    const struct parcel *parcel = &transfer->parcel;
    int idx;

    if (!(transfer->pieces =
              calloc((size_t)parcel->count + 1, sizeof(*transfer->pieces))))
        return MPI_ERR_NO_MEM;
    for (idx = 0; idx < parcel->count; idx++) {
        struct transfer_piece *piece = &transfer->pieces[idx];

        piece->nbytes = parcel_size(parcel, idx);
        if (!(piece->addr = pool_alloc(piece->nbytes)))
            return MPI_ERR_NO_MEM;
    }
    return MPI_SUCCESS;
}

/* With the lock.  A message of MPI's that is no header is all there is. */
static void open_header(struct transfer *transfer, const void *data, size_t nbytes)
{
    MPI_Comm payload = mpiwait_payload();
    int idx, rc, size = 0;

    if (!parcel_is_one(data, nbytes))
        return;
    PMPI_Comm_size(payload, &size);
    transfer->is_parcel = true;
    transfer->is_damaged = parcel_decode(&transfer->parcel, data, nbytes, size) < 0;
    if (transfer->is_damaged)
        return;
    rc = make_room(atomic_load(&active.count) + transfer->parcel.count)
             ? allocate(transfer)
             : MPI_ERR_NO_MEM;
    if (rc != MPI_SUCCESS)
        fail(transfer, rc);
    for (idx = 0; rc == MPI_SUCCESS && idx < transfer->parcel.count; idx++) {
        struct transfer_piece *piece = &transfer->pieces[idx];
        MPI_Request request = MPI_REQUEST_NULL;

        rc = PMPI_Irecv_c(piece->addr, (MPI_Count)piece->nbytes, MPI_BYTE,
                          transfer->parcel.sender, transfer->parcel.tag, payload,
                          &request);
        add(transfer, idx, request, rc);
    }
}

static void on_header(struct transfer *transfer, const MPI_Status *status)
{
    MPI_Count nbytes = 0;
    int cancelled = 0;

    transfer->status = *status;
    transfer->status.MPI_ERROR = MPI_SUCCESS;
    PMPI_Test_cancelled(status, &cancelled);
    if (cancelled || transfer->rc != MPI_SUCCESS)
        return;
    PMPI_Get_count_c(status, MPI_BYTE, &nbytes);
    open_header(transfer, transfer->memory.addr, (size_t)nbytes);
}

static void on_piece(struct transfer *transfer, int idx, const MPI_Status *status)
{
    MPI_Count nbytes = 0;

    PMPI_Get_count_c(status, MPI_BYTE, &nbytes);
    if ((size_t)nbytes != transfer->pieces[idx].nbytes)
        transfer->is_damaged = true;
}

static void on_part(const struct part *part, const MPI_Status *status, int rc)
{
    struct transfer *transfer = part->transfer;

    if (rc != MPI_SUCCESS)
        fail(transfer, rc);
    if (transfer->is_receiving && part->idx == HEADER)
        on_header(transfer, status);
    else if (transfer->is_receiving && rc == MPI_SUCCESS)
        on_piece(transfer, part->idx, status);
    settle(transfer);
    transfer_unref(transfer);
}

/* ------------------------------------------------------------ progress */
static void cancel_all(void)
{
    int idx, count = atomic_load(&active.count);

    if (!atomic_exchange(&active.has_cancelled, false))
        return;
    for (idx = 0; idx < count; idx++) {
        const struct part *part = &active.parts[idx];

        if (part->idx == HEADER
            && atomic_exchange(&part->transfer->is_cancelled, false))
            PMPI_Cancel(&active.requests[idx]);
    }
}

/* Those that are done leave the array before anything is done about them, because that
 * may add others. */
static void close_gaps(void)
{
    int from, to = 0, count = atomic_load(&active.count);

    for (from = 0; from < count; from++) {
        if (active.requests[from] == MPI_REQUEST_NULL)
            continue;
        active.requests[to] = active.requests[from];
        active.parts[to++] = active.parts[from];
    }
    atomic_store(&active.count, to);
}

/* Fills the results with the parts that are done, and returns how many. */
static int collect(void)
{
    int idx, count = 0, rc;

    rc = PMPI_Testsome(atomic_load(&active.count), active.requests, &count,
                       active.indices, active.statuses);
    if (count == MPI_UNDEFINED || count <= 0)
        return 0;
    for (idx = 0; idx < count; idx++) {
        active.results[idx] = (struct result){
            .part = active.parts[active.indices[idx]],
            .status = active.statuses[idx],
            .rc = rc == MPI_SUCCESS ? MPI_SUCCESS : active.statuses[idx].MPI_ERROR,
        };
    }
    close_gaps();
    return count;
}

/* Whoever finds the lock taken leaves it to the other. */
int transfer_advance(void *unused)
{
    int idx, count;

    if (atomic_load_explicit(&active.count, memory_order_acquire) == 0
        || pthread_mutex_trylock(&active.lock) != 0)
        return 0;
    cancel_all();
    count = collect();
    for (idx = 0; idx < count; idx++) {
        struct result result = active.results[idx]; /* more room may be made */

        on_part(&result.part, &result.status, result.rc);
    }
    pthread_mutex_unlock(&active.lock);
    return count > 0;
}

static void heal(uint64_t cell, void *unused)
{
    transfer_advance(NULL);
}

static void hook(void)
{
    mpiwait_add_progress(transfer_advance, NULL);
    mpiwait_add_progress(pool_trim, NULL);
    mpiwait_add_heal(heal, NULL);
    mpiwait_on_drained(transfer_refuse);
}

static void enter(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, hook);
    pthread_mutex_lock(&active.lock);
}

static void leave(void)
{
    pthread_mutex_unlock(&active.lock);
}

/* ------------------------------------------------------------ who and with which tag
 */
bool transfer_is_on(void)
{
    return mpiwait_payload() != MPI_COMM_NULL;
}

int transfer_find(MPI_Comm comm, int dest, int *rank)
{
    MPI_Group group = MPI_GROUP_NULL, all = MPI_GROUP_NULL;
    int rc, is_inter = 0, size = 0;

    *rank = -1;
    if (!transfer_is_on())
        return MPI_SUCCESS;
    if ((rc = MPI_Comm_test_inter(comm, &is_inter)) != MPI_SUCCESS
        || (rc = is_inter ? MPI_Comm_remote_size(comm, &size)
                          : MPI_Comm_size(comm, &size))
               != MPI_SUCCESS)
        return rc;
    if (dest < 0 || dest >= size)
        return MPI_SUCCESS;
    if ((rc = is_inter ? MPI_Comm_remote_group(comm, &group)
                       : MPI_Comm_group(comm, &group))
        != MPI_SUCCESS)
        return rc;
    if ((rc = PMPI_Comm_group(mpiwait_payload(), &all)) == MPI_SUCCESS
        && (rc = MPI_Group_translate_ranks(group, 1, &dest, all, rank)) == MPI_SUCCESS
        && *rank == MPI_UNDEFINED)
        *rank = -1;
    MPI_Group_free(&group);
    if (all != MPI_GROUP_NULL)
        MPI_Group_free(&all);
    return rc;
}

int transfer_rank(void)
{
    int rank = 0;

    PMPI_Comm_rank(mpiwait_payload(), &rank);
    return rank;
}

int transfer_tag(void)
{
    static atomic_int last;
    int *limit, found = 0;

    if (!atomic_load(&last)) {
        PMPI_Comm_get_attr(mpiwait_payload(), MPI_TAG_UB, &limit, &found);
        atomic_store(&last, found ? *limit : 32767);
    }
    return (int)(atomic_fetch_add(&next_tag, 1) % (unsigned)atomic_load(&last));
}

/* ------------------------------------------------------------ the ways to begin */
int transfer_send(const struct transfer_piece *header, transfer_isend_f call, int dest,
                  int tag, MPI_Comm comm, const struct transfer_piece *pieces,
                  int count, int peer, int piece_tag, MPI_Request *request)
{
    struct transfer *transfer = create(false);
    MPI_Request part = MPI_REQUEST_NULL;
    int idx, rc = transfer ? MPI_SUCCESS : MPI_ERR_NO_MEM;

    enter();
    if (rc == MPI_SUCCESS && !make_room(atomic_load(&active.count) + count + 1))
        rc = MPI_ERR_NO_MEM;
    if (rc == MPI_SUCCESS)
        rc = call(header->addr, (MPI_Count)header->nbytes, MPI_BYTE, dest, tag, comm,
                  &part);
    if (rc == MPI_SUCCESS) {
        add(transfer, HEADER, part, rc);
        for (idx = 0; idx < count; idx++) {
            rc = PMPI_Isend_c(pieces[idx].addr, (MPI_Count)pieces[idx].nbytes, MPI_BYTE,
                              peer, piece_tag, mpiwait_payload(), &part);
            add(transfer, idx, part, rc);
        }
        rc = show(transfer, request);
        settle(transfer);
    }
    leave();
    transfer_unref(transfer);
    return rc;
}

/* With the lock: what has begun with 'part' is shown to the user.  Takes 'transfer'. */
static int begin(struct transfer *transfer, MPI_Request part, int rc,
                 struct transfer **result, MPI_Request *request)
{
    if (rc == MPI_SUCCESS)
        rc = show(transfer, request);
    if (rc != MPI_SUCCESS) {
        transfer_unref(transfer);
        return rc;
    }
    if (part != MPI_REQUEST_NULL)
        add(transfer, HEADER, part, MPI_SUCCESS);
    else
        open_header(transfer, transfer->memory.addr, transfer->memory.nbytes);
    settle(transfer);
    *result = transfer;
    return MPI_SUCCESS;
}

/* With the lock held on return, when it succeeds. */
static struct transfer *prepare(struct transfer_piece memory)
{
    struct transfer *transfer = create(true);

    if (!transfer)
        return NULL;
    transfer->memory = memory;
    enter();
    if (make_room(atomic_load(&active.count) + 1))
        return transfer;
    leave();
    transfer_unref(transfer);
    return NULL;
}

int transfer_recv(struct transfer_piece memory, int source, int tag, MPI_Comm comm,
                  struct transfer **result, MPI_Request *request)
{
    struct transfer *transfer = prepare(memory);
    MPI_Request part = MPI_REQUEST_NULL;
    int rc;

    if (!transfer)
        return MPI_ERR_NO_MEM;
    rc = MPI_Irecv_c(memory.addr, (MPI_Count)memory.nbytes, MPI_BYTE, source, tag, comm,
                     &part);
    rc = begin(transfer, part, rc, result, request);
    leave();
    return rc;
}

int transfer_mrecv(struct transfer_piece memory, MPI_Message *message,
                   struct transfer **result, MPI_Request *request)
{
    struct transfer *transfer = prepare(memory);
    MPI_Request part = MPI_REQUEST_NULL;
    int rc;

    if (!transfer)
        return MPI_ERR_NO_MEM;
    rc = MPI_Imrecv_c(memory.addr, (MPI_Count)memory.nbytes, MPI_BYTE, message, &part);
    rc = begin(transfer, part, rc, result, request);
    leave();
    return rc;
}

int transfer_begin(struct transfer_piece header, const MPI_Status *status,
                   struct transfer **result, MPI_Request *request)
{
    struct transfer *transfer = prepare(header);
    int rc;

    if (!transfer)
        return MPI_ERR_NO_MEM;
    transfer->status = *status;
    transfer->status.MPI_ERROR = MPI_SUCCESS;
    rc = begin(transfer, MPI_REQUEST_NULL, MPI_SUCCESS, result, request);
    leave();
    return rc;
}

/* The registry alone has it: nobody is shown a request. */
void transfer_refuse(const void *header, size_t nbytes)
{
    struct transfer *transfer;

    if (!parcel_is_one(header, nbytes)
        || !(transfer = prepare((struct transfer_piece){ NULL, 0 })))
        return;
    atomic_store(&transfer->is_freed, true);
    open_header(transfer, header, nbytes);
    settle(transfer);
    leave();
    transfer_unref(transfer);
}

/* ------------------------------------------------------------ results */
const struct parcel *transfer_parcel(struct transfer *transfer, bool *is_damaged)
{
    *is_damaged = transfer->is_damaged;
    return transfer->is_parcel ? &transfer->parcel : NULL;
}

struct transfer_piece transfer_take(struct transfer *transfer, int idx)
{
    struct transfer_piece piece = transfer->pieces[idx];

    transfer->pieces[idx].addr = NULL;
    return piece;
}
