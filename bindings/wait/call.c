/* call.c - what a member of a collective has called */
#include "bindings/wait/call.h"

#include <stdlib.h>
#include <string.h>

#include "bindings/wait/basic.h"
#include "kernel/base/buf.h"
#include "kernel/base/mem.h"

/* Whose size must agree: the two of gather and scatter depend on who is root. */
enum side {
    SIDE_PLAIN,
    SIDE_SEND,
    SIDE_RECV,
    SIDE_ROOTED,
    SIDE_ROOTED_SEND,
    SIDE_ROOTED_GATHER,
    SIDE_ROOTED_SCATTER,
};

static const struct {
    const char *name;
    enum side side;
} calls[CALL_COUNT] = { [CALL_none] = { "nothing", SIDE_PLAIN },
#define CALL_ENTRY(name) [CALL_##name] = { #name, SIDE_PLAIN },
                        CALL_OTHERS(CALL_ENTRY)
#undef CALL_ENTRY
#define COLLECTIVE(name, iname, side, params, args, ...)                               \
    [CALL_##name] = { #name, SIDE_##side },
#include "bindings/wait/collectives.h"
#undef COLLECTIVE
};

static const struct {
    MPI_Op op;
    const char *name;
} ops[] = {
#define OP(name)                                                                       \
    {                                                                                  \
        MPI_##name, #name                                                              \
    }
    OP(SUM), OP(MAX),  OP(MIN),  OP(PROD),   OP(LAND),   OP(BAND),    OP(LOR),
    OP(BOR), OP(LXOR), OP(BXOR), OP(MAXLOC), OP(MINLOC), OP(REPLACE), OP(NO_OP),
#undef OP
};
#define OP_COUNT ((int)(sizeof(ops) / sizeof(ops[0])))

const char *call_name(enum call_kind kind)
{
    return kind < CALL_COUNT ? calls[kind].name : "?";
}

/* A null op or type is for MPI to complain about. */
uint8_t call_op(MPI_Op op)
{
    if (op == (MPI_Op)0 || op == MPI_OP_NULL)
        return 0;
    for (int i = 0; i < OP_COUNT; i++) {
        if (ops[i].op == op)
            return (uint8_t)(i + 1);
    }
    return CALL_OP_USER;
}

static uint64_t bytes_of(MPI_Count count, MPI_Datatype type)
{
    const struct basic *basic = basic_of(type);
    MPI_Count size = 0;

    if (basic)
        return count > 0 ? (uint64_t)count * basic->size : 0;
    if (count <= 0 || type == MPI_DATATYPE_NULL
        || PMPI_Type_size_x(type, &size) != MPI_SUCCESS || size < 0)
        return 0;
    return (uint64_t)count * (uint64_t)size;
}

void call_describe(const struct call *call, int rank, uint32_t nonblocking,
                   struct call_shape *shape)
{
    enum side side = calls[call->kind].side;
    bool recv = side == SIDE_RECV || (side == SIDE_ROOTED_GATHER && rank == call->root)
                || (side == SIDE_ROOTED_SCATTER && rank != call->root);

    memset(shape, 0, sizeof(*shape));
    shape->kind = (uint8_t)call->kind;
    shape->op = call_op(call->op);
    shape->root = side >= SIDE_ROOTED ? call->root : -1;
    /* Having met is all that a barrier is: it is no call of MPI's, which only sees
     * that the others are in order. */
    shape->nonblocking = call->kind == CALL_Barrier ? 0 : nonblocking;
    if (side != SIDE_PLAIN && side != SIDE_ROOTED)
        shape->bytes = recv ? bytes_of(call->recv, call->recv_type)
                            : bytes_of(call->send, call->send_type);
}

uint16_t call_digest(const struct call_shape *shape)
{
    uint64_t hash =
        (uint64_t)shape->kind << 40 | (uint64_t)shape->op << 32 | (uint32_t)shape->root;

    hash = (hash + 1) * 0x9e3779b97f4a7c15u;
    hash = ((hash ^ hash >> 29) + shape->bytes) * 0xbf58476d1ce4e5b9u;
    hash = ((hash ^ hash >> 32) + shape->nonblocking) * 0x94d049bb133111ebu;
    return (uint16_t)(hash >> 48);
}

/* What must be told of each call: only as much as makes them differ. */
struct detail {
    bool op, bytes, nonblocking;
};

static struct detail find_detail(const struct call_shape *shapes, const bool *came,
                                 int count)
{
    struct detail detail = { 0 };
    const struct call_shape *first = NULL;

    for (int i = 0; i < count; i++) {
        if (!came[i])
            continue;
        if (!first)
            first = &shapes[i];
        if (first->nonblocking != shapes[i].nonblocking)
            detail.nonblocking = true;
        if (first->kind != shapes[i].kind || first->root != shapes[i].root)
            continue;
        detail.op |= first->op != shapes[i].op;
        detail.bytes |= first->bytes != shapes[i].bytes;
    }
    return detail;
}

static const char *op_name(uint8_t op)
{
    return !op ? "none" : op == CALL_OP_USER ? "user-defined" : ops[op - 1].name;
}

static void add_shape(struct buf *out, const struct call_shape *shape,
                      const struct detail *detail)
{
    const char *gap = "(";

    buf_add_text(out, call_name(shape->kind));
    if (shape->root >= 0) {
        buf_add_format(out, "%sroot=%d", gap, (int)shape->root);
        gap = ", ";
    }
    if (detail->op) {
        buf_add_format(out, "%sop=%s", gap, op_name(shape->op));
        gap = ", ";
    }
    if (detail->bytes) {
        buf_add_format(out, "%s%llu bytes", gap, (unsigned long long)shape->bytes);
        gap = ", ";
    }
    if (gap[0] == ',')
        buf_add_text(out, ")");
    if (detail->nonblocking)
        buf_add_format(out, " after %u nonblocking collective%s",
                       (unsigned)shape->nonblocking,
                       shape->nonblocking == 1 ? "" : "s");
}

/* Members are told in the order of their ranks, so neighbours make ranges. */
static void add_ranks(struct buf *out, const bool *in, const int *ranks, int count)
{
    const char *gap = "";
    int total = 0, last;

    for (int i = 0; i < count; i++)
        total += in[i];
    buf_add_text(out, total == 1 ? "rank " : "ranks ");
    for (int i = 0; i < count; i = last + 1) {
        last = i;
        if (!in[i])
            continue;
        while (last + 1 < count && in[last + 1] && ranks[last + 1] == ranks[last] + 1)
            last++;
        if (last > i)
            buf_add_format(out, "%s%d-%d", gap, ranks[i], ranks[last]);
        else
            buf_add_format(out, "%s%d", gap, ranks[i]);
        gap = ",";
    }
}

void call_compare(struct buf *out, const struct call_shape *shapes, const bool *came,
                  const int *ranks, int count)
{
    struct detail detail = find_detail(shapes, came, count);
    bool *is_in = xcalloc((size_t)count, sizeof(*is_in));
    bool *is_told = xcalloc((size_t)count, sizeof(*is_told));

    for (int i = 0; i < count; i++) {
        if (!came[i] || is_told[i])
            continue;
        for (int j = 0; j < count; j++) {
            is_in[j] = came[j] && !memcmp(&shapes[i], &shapes[j], sizeof(shapes[i]));
            is_told[j] |= is_in[j];
        }
        if (out->size)
            buf_add_text(out, ", ");
        add_ranks(out, is_in, ranks, count);
        buf_add_text(out, " called ");
        add_shape(out, &shapes[i], &detail);
    }
    free(is_in);
    free(is_told);
}
