/* programs.c - random programs of collectives, beside the same through plain MPI
 *
 * Usage: programs SEED STEPS.  All ranks draw the same numbers, so all make the same
 * calls: kinds, roots, communicators, types, operations, in place or not, sizes around
 * those at which the layer goes another way.  Each call is made twice, by MPI_ and by
 * PMPI_ on a twin of the communicator; memory must be equal afterwards, what lies
 * between and behind the elements included.  Numbers are whole, so that the order of
 * a sum does not matter to it.
 */
#include <stdint.h>

#include "bindings/wait/arena.h"
#include "bindings/wait/carry.h"
#include "tests/mpi/wait/check.h"

#define COMMS 4
#define PENDING 4

static uint64_t common; /* the same on all ranks */

static unsigned draw(unsigned below)
{
    common = common * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)((common >> 33) % below);
}

/* ---- what there is to choose from ---- */

static struct {
    MPI_Comm layer, plain; /* MPI_COMM_NULL: this rank is not in it */
    int rank, size;
} comms[COMMS];

struct affine {
    uint32_t a, b; /* x -> a x + b: its composition does not commute */
};

static void compose(void *in, void *inout, int *count, MPI_Datatype *type)
{
    const struct affine *first = in;
    struct affine *second = inout;

    for (int i = 0; i < *count; i++)
        second[i] = (struct affine){ first[i].a * second[i].a,
                                     first[i].b * second[i].a + second[i].b };
}

enum { SUMS, BITS, PAIRS, COMPOSED, MOVED };

static struct {
    MPI_Datatype type;
    int kind;
    MPI_Aint size, extent;
} types[] = {
    { MPI_INT, SUMS },
    { MPI_DOUBLE, SUMS },
    { MPI_LONG, BITS },
    { MPI_UNSIGNED_CHAR, BITS },
    { MPI_DOUBLE_INT, PAIRS },
    { MPI_DATATYPE_NULL, COMPOSED },
    { MPI_DATATYPE_NULL, MOVED },
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static MPI_Op composition;

static MPI_Op draw_op(int kind)
{
    static const MPI_Op sums[] = { MPI_SUM, MPI_MAX, MPI_MIN };
    static const MPI_Op bits[] = { MPI_BXOR, MPI_BOR, MPI_SUM };

    return kind == SUMS    ? sums[draw(3)]
           : kind == BITS  ? bits[draw(3)]
           : kind == PAIRS ? (draw(2) ? MPI_MAXLOC : MPI_MINLOC)
                           : composition;
}

static void add_comm(int idx, MPI_Comm comm)
{
    comms[idx].layer = comm;
    comms[idx].plain = MPI_COMM_NULL;
    if (comm == MPI_COMM_NULL)
        return;
    PMPI_Comm_dup(comm, &comms[idx].plain);
    MPI_Comm_rank(comm, &comms[idx].rank);
    MPI_Comm_size(comm, &comms[idx].size);
}

static void prepare(void)
{
    MPI_Datatype fields[] = { MPI_UINT32_T };
    int lengths[] = { 2 };
    MPI_Aint places[] = { 0 };
    MPI_Comm comm;

    add_comm(0, MPI_COMM_WORLD);
    MPI_Comm_dup(MPI_COMM_WORLD, &comm);
    add_comm(1, comm);
    MPI_Comm_split(MPI_COMM_WORLD, check_rank % 2, -check_rank, &comm);
    add_comm(2, comm);
    MPI_Comm_split(MPI_COMM_WORLD, check_rank ? 0 : MPI_UNDEFINED, 0, &comm);
    add_comm(3, comm);
    MPI_Type_create_struct(1, lengths, places, fields, &types[5].type);
    MPI_Type_commit(&types[5].type);
    MPI_Type_vector(3, 1, 2, MPI_SHORT, &types[6].type);
    MPI_Type_commit(&types[6].type);
    MPI_Op_create(compose, 0, &composition);
    for (int i = 0; i < TYPES; i++) {
        MPI_Aint low;
        int size;

        MPI_Type_size(types[i].type, &size);
        MPI_Type_get_extent(types[i].type, &low, &types[i].extent);
        types[i].size = size;
    }
}

/* ---- one call ---- */

enum kind {
    BARRIER,
    BCAST,
    GATHER,
    SCATTER,
    ALLGATHER,
    ALLTOALL, /* moving */
    REDUCE,
    ALLREDUCE,
    REDUCE_SCATTER,
    SCAN,
    EXSCAN,
    KINDS
};

static const char *const names[KINDS] = {
    "Barrier", "Bcast",     "Gather",
    "Scatter", "Allgather", "Alltoall",
    "Reduce",  "Allreduce", "Reduce_scatter_block",
    "Scan",    "Exscan"
};

struct step {
    enum kind kind;
    int size, rank, root, count;
    MPI_Datatype type;
    MPI_Op op;
    bool in_place, is_large; /* the twin with large counts */
};

#define TURN(p, T)                                                                     \
    static int call##p##T(const struct step *s, void *from, void *to, MPI_Comm comm)   \
    {                                                                                  \
        bool root = s->rank == s->root, here = s->in_place;                            \
        void *send = here ? MPI_IN_PLACE : from;                                       \
        int n = s->count;                                                              \
                                                                                       \
        switch (s->kind) {                                                             \
        case BARRIER:                                                                  \
            return p##MPI_Barrier(comm);                                               \
        case BCAST:                                                                    \
            return p##MPI_Bcast##T(to, n, s->type, s->root, comm);                     \
        case GATHER:                                                                   \
            return p##MPI_Gather##T(root ? send : from, n, s->type, to, n, s->type,    \
                                    s->root, comm);                                    \
        case SCATTER:                                                                  \
            return p##MPI_Scatter##T(from, n, s->type,                                 \
                                     root && here ? MPI_IN_PLACE : to, n, s->type,     \
                                     s->root, comm);                                   \
        case ALLGATHER:                                                                \
            return p##MPI_Allgather##T(send, n, s->type, to, n, s->type, comm);        \
        case ALLTOALL:                                                                 \
            return p##MPI_Alltoall##T(send, n, s->type, to, n, s->type, comm);         \
        case REDUCE:                                                                   \
            return p##MPI_Reduce##T(root ? send : from, to, n, s->type, s->op,         \
                                    s->root, comm);                                    \
        case ALLREDUCE:                                                                \
            return p##MPI_Allreduce##T(send, to, n, s->type, s->op, comm);             \
        case REDUCE_SCATTER:                                                           \
            return p##MPI_Reduce_scatter_block##T(send, to, n, s->type, s->op, comm);  \
        case SCAN:                                                                     \
            return p##MPI_Scan##T(send, to, n, s->type, s->op, comm);                  \
        case EXSCAN:                                                                   \
            return p##MPI_Exscan##T(send, to, n, s->type, s->op, comm);                \
        default:                                                                       \
            return MPI_ERR_OTHER;                                                      \
        }                                                                              \
    }
TURN(, )
TURN(, _c)
TURN(P, )
TURN(P, _c)

/* Bytes of one block: few, some, about as many as fit, or several pieces. */
static size_t draw_bytes(int size)
{
    size_t limit = draw(2) ? ARENA_SLOT : ARENA_SLOT / (size_t)size;

    switch (draw(5)) {
    case 0:
        return draw(40);
    case 1:
        return draw(4096);
    case 2:
        return limit - 64 + draw(128);
    case 3:
        return (2 + draw(8)) * CARRY_PIECE - draw(2) * draw(128);
    default:
        return draw(2) ? limit : draw(100000);
    }
}

static unsigned char *fill(size_t bytes, int kind, unsigned seed)
{
    unsigned char *memory = malloc(bytes + 1);

    for (size_t i = 0; i < bytes; i++)
        memory[i] = (unsigned char)(rand_r(&seed) >> 8);
    for (size_t i = 0; kind == SUMS && i + 8 <= bytes; i += 8)
        memset(memory + i, 0, 8); /* 0 as an int, and as a double */
    return memory;
}

/* Whole numbers: what is added up must not depend on the order. */
static void set_numbers(unsigned char *memory, size_t bytes, MPI_Datatype type,
                        unsigned seed)
{
    for (size_t i = 0; type == MPI_INT && i + 4 <= bytes; i += 4)
        *(int *)(void *)(memory + i) = rand_r(&seed) % 1000;
    for (size_t i = 0; type == MPI_DOUBLE && i + 8 <= bytes; i += 8)
        *(double *)(void *)(memory + i) = rand_r(&seed) % 1000;
    for (size_t i = 0; type == MPI_DOUBLE_INT && i + 16 <= bytes; i += 16) {
        *(double *)(void *)(memory + i) = rand_r(&seed) % 5;
        *(int *)(void *)(memory + i + 8) = rand_r(&seed) % 100;
        *(int *)(void *)(memory + i + 12) = 0; /* the gap: MPI copies it or not */
    }
}

static void compare(const struct step *step, int idx, int which, size_t bytes)
{
    int kind = types[which].kind;
    unsigned seed = draw(1u << 30) * 31 + (unsigned)check_rank;
    unsigned char *from = fill(bytes, kind, seed), *to[2];
    int rc[2];

    set_numbers(from, bytes, step->type, seed);
    for (int i = 0; i < 2; i++) {
        to[i] = fill(bytes, kind, seed + 1);
        set_numbers(to[i], bytes, step->type, seed + 1);
    }
    if (comms[idx].layer != MPI_COMM_NULL) {
        rc[0] = (step->is_large ? call_c : call)(step, from, to[0], comms[idx].layer);
        rc[1] = (step->is_large ? callP_c : callP)(step, from, to[1], comms[idx].plain);
        /* The other blocks are MPI's to work in. */
        if (step->kind == REDUCE_SCATTER && step->in_place)
            bytes = (size_t)step->count * (size_t)types[which].extent;
        check(rc[0] == rc[1] && !memcmp(to[0], to[1], bytes),
              "%s%s%s of %d x type %d, root %d, %d members: %d and %d",
              names[step->kind], step->is_large ? "_c" : "",
              step->in_place ? " in place" : "", step->count, which, step->root,
              step->size, rc[0], rc[1]);
    }
    free(from);
    free(to[0]);
    free(to[1]);
}

/* MPICH's own Gather of 4 members and more refuses pairs (5.0.2). */
static bool is_right(enum kind kind, int type)
{
    return kind >= REDUCE ? type != MOVED : kind != GATHER || type != PAIRS;
}

static void run_step(void)
{
    int idx = (int)draw(COMMS), which;
    struct step step = { .kind = (enum kind)draw(KINDS) };
    size_t limit;

    /* Halves have different sizes: what is drawn is the same for all. */
    step.size = comms[idx].size;
    step.rank = comms[idx].rank;
    do
        which = (int)draw(TYPES);
    while (!is_right(step.kind, types[which].kind));
    limit = draw_bytes(check_size);
    step.root = (int)draw((unsigned)check_size / 2 + 1);
    if (step.size > 0)
        step.root %= step.size;
    step.count = (int)(limit / (size_t)types[which].size);
    step.type = types[which].type;
    step.op = draw_op(types[which].kind);
    step.in_place = draw(3) == 0;
    step.is_large = draw(2);
    compare(&step, idx, which,
            (size_t)check_size * (size_t)step.count * (size_t)types[which].extent);
}

/* ---- what goes on beside ---- */

static struct {
    long sent, received, given, sum;
    MPI_Request request[3];
} pending[PENDING];

static void start_pending(int i)
{
    int next = (check_rank + 1) % check_size;
    int before = (check_rank + check_size - 1) % check_size;

    pending[i].sent = check_rank * 10 + i;
    pending[i].given = check_rank + 1;
    MPI_Irecv(&pending[i].received, 1, MPI_LONG, before, i, MPI_COMM_WORLD,
              &pending[i].request[0]);
    MPI_Isend(&pending[i].sent, 1, MPI_LONG, next, i, MPI_COMM_WORLD,
              &pending[i].request[1]);
    MPI_Iallreduce(&pending[i].given, &pending[i].sum, 1, MPI_LONG, MPI_SUM,
                   MPI_COMM_WORLD, &pending[i].request[2]);
}

static void end_pending(int i)
{
    int before = (check_rank + check_size - 1) % check_size;

    MPI_Waitall(3, pending[i].request, MPI_STATUSES_IGNORE);
    check(pending[i].received == before * 10 + i, "message %d", i);
    check(pending[i].sum == check_size * (check_size + 1) / 2, "sum %d", i);
}

int main(int argc, char **argv)
{
    int steps = argc > 2 ? atoi(argv[2]) : 2000;
    bool is_pending[PENDING] = { false };

    check_init();
    common = argc > 1 ? (uint64_t)atoi(argv[1]) : 1;
    prepare();
    for (int i = 0; i < steps && !check_failed; i++) {
        int k = (int)draw(4 * PENDING);

        if (k < PENDING) {
            (is_pending[k] ? end_pending : start_pending)(k);
            is_pending[k] = !is_pending[k];
        }
        run_step();
    }
    for (int k = 0; k < PENDING; k++)
        if (is_pending[k])
            end_pending(k);
    return check_done();
}
