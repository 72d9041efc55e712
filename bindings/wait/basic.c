/* basic.c - MPI's own datatypes, and which operations are made for them
 *
 * The classes of types, and the operations of each, are those of the MPI standard
 * (5.9.2, predefined reduction operations); what a library allows beyond goes its way.
 */
#include "bindings/wait/basic.h"

#include <stddef.h>

#include "bindings/wait/call.h"

enum class { MOVED, INTEGER, FLOAT, LOGICAL, COMPLEX, BYTE, MULTI, PAIR };

struct own_type {
    MPI_Datatype type;
    enum class class;
};

static const struct own_type types[] = {
    { MPI_CHAR, MOVED },
    { MPI_WCHAR, MOVED },
    { MPI_BYTE, BYTE },
    { MPI_SIGNED_CHAR, INTEGER },
    { MPI_UNSIGNED_CHAR, INTEGER },
    { MPI_SHORT, INTEGER },
    { MPI_UNSIGNED_SHORT, INTEGER },
    { MPI_INT, INTEGER },
    { MPI_UNSIGNED, INTEGER },
    { MPI_LONG, INTEGER },
    { MPI_UNSIGNED_LONG, INTEGER },
    { MPI_LONG_LONG, INTEGER },
    { MPI_UNSIGNED_LONG_LONG, INTEGER },
    { MPI_INT8_T, INTEGER },
    { MPI_INT16_T, INTEGER },
    { MPI_INT32_T, INTEGER },
    { MPI_INT64_T, INTEGER },
    { MPI_UINT8_T, INTEGER },
    { MPI_UINT16_T, INTEGER },
    { MPI_UINT32_T, INTEGER },
    { MPI_UINT64_T, INTEGER },
    { MPI_FLOAT, FLOAT },
    { MPI_DOUBLE, FLOAT },
    { MPI_LONG_DOUBLE, FLOAT },
    { MPI_C_BOOL, LOGICAL },
    { MPI_C_FLOAT_COMPLEX, COMPLEX },
    { MPI_C_DOUBLE_COMPLEX, COMPLEX },
    { MPI_C_LONG_DOUBLE_COMPLEX, COMPLEX },
    { MPI_AINT, MULTI },
    { MPI_OFFSET, MULTI },
    { MPI_COUNT, MULTI },
    { MPI_FLOAT_INT, PAIR },
    { MPI_DOUBLE_INT, PAIR },
    { MPI_LONG_INT, PAIR },
    { MPI_2INT, PAIR },
    { MPI_SHORT_INT, PAIR },
    { MPI_LONG_DOUBLE_INT, PAIR },
};
#define TYPES ((int)(sizeof(types) / sizeof(types[0])))

static const struct {
    MPI_Op ops[3];
    unsigned classes; /* bits */
} allowed[] = {
    { { MPI_MAX, MPI_MIN }, 1 << INTEGER | 1 << FLOAT | 1 << MULTI },
    { { MPI_SUM, MPI_PROD }, 1 << INTEGER | 1 << FLOAT | 1 << COMPLEX | 1 << MULTI },
    { { MPI_LAND, MPI_LOR, MPI_LXOR }, 1 << INTEGER | 1 << LOGICAL },
    { { MPI_BAND, MPI_BOR, MPI_BXOR }, 1 << INTEGER | 1 << BYTE | 1 << MULTI },
    { { MPI_MAXLOC, MPI_MINLOC }, 1 << PAIR },
};
#define GROUPS (sizeof(allowed) / sizeof(allowed[0]))

/* By hash, the next one when taken; at most a third full. */
#define SLOTS 128
static struct basic table[SLOTS];

static unsigned slot_of(MPI_Datatype type)
{
    uint64_t hash = (uint64_t)(uintptr_t)type * 0x9e3779b97f4a7c15u;

    return (unsigned)(hash >> 57);
}

static uint16_t ops_of(enum class class)
{
    uint16_t ops = 0;

    for (size_t group = 0; group < GROUPS; group++) {
        for (int i = 0; i < 3; i++) {
            MPI_Op op = allowed[group].ops[i];

            if (op != (MPI_Op)0 && allowed[group].classes >> class & 1)
                ops |= (uint16_t)(1u << call_op(op));
        }
    }
    return ops;
}

static void find_loops(struct basic *basic)
{
    static const MPI_Op ops[] = { MPI_SUM, MPI_MAX, MPI_MIN };

    for (int i = 0; i < 3; i++) {
        if (call_op(ops[i]) < BASIC_LOOPS)
            basic->loops[call_op(ops[i])] = numbers_find(basic->type, ops[i]);
    }
}

void basic_init(void)
{
    for (int i = 0; i < TYPES; i++) {
        MPI_Datatype type = types[i].type;
        unsigned slot = slot_of(type);
        MPI_Aint low, extent;
        int size;

        if (type == MPI_DATATYPE_NULL || PMPI_Type_size(type, &size) != MPI_SUCCESS
            || PMPI_Type_get_extent(type, &low, &extent) != MPI_SUCCESS)
            continue;
        while (table[slot].size && table[slot].type != type)
            slot = (slot + 1) % SLOTS;
        table[slot] = (struct basic){
            type, (uint32_t)size, (uint32_t)extent, ops_of(types[i].class), { NULL }
        };
        find_loops(&table[slot]);
    }
}

const struct basic *basic_of(MPI_Datatype type)
{
    unsigned slot = slot_of(type);

    while (table[slot].size) {
        if (table[slot].type == type)
            return &table[slot];
        slot = (slot + 1) % SLOTS;
    }
    return NULL;
}
