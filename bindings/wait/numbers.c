/* numbers.c - sums and extremes of C's numbers, without asking MPI */
#include "bindings/wait/numbers.h"

#include <stdint.h>

/* X(suffix, type, C's type, what it is added as: sums of whole numbers wrap) */
#define TYPES(X)                                                                       \
    X(int, MPI_INT, int, unsigned)                                                     \
    X(long, MPI_LONG, long, unsigned long)                                             \
    X(longer, MPI_LONG_LONG, long long, unsigned long long)                            \
    X(i32, MPI_INT32_T, int32_t, uint32_t)                                             \
    X(i64, MPI_INT64_T, int64_t, uint64_t)                                             \
    X(u64, MPI_UINT64_T, uint64_t, uint64_t)                                           \
    X(float, MPI_FLOAT, float, float)                                                  \
    X(double, MPI_DOUBLE, double, double)

#define LOOPS(suffix, mpi, type, sum)                                                  \
    static void sum_##suffix(const void *in, void *inout, size_t count)                \
    {                                                                                  \
        const type *a = in;                                                            \
        type *b = inout;                                                               \
                                                                                       \
        for (size_t i = 0; i < count; i++)                                             \
            b[i] = (type)((sum)a[i] + (sum)b[i]);                                      \
    }                                                                                  \
    static void max_##suffix(const void *in, void *inout, size_t count)                \
    {                                                                                  \
        const type *a = in;                                                            \
        type *b = inout;                                                               \
                                                                                       \
        for (size_t i = 0; i < count; i++)                                             \
            b[i] = a[i] > b[i] ? a[i] : b[i];                                          \
    }                                                                                  \
    static void min_##suffix(const void *in, void *inout, size_t count)                \
    {                                                                                  \
        const type *a = in;                                                            \
        type *b = inout;                                                               \
                                                                                       \
        for (size_t i = 0; i < count; i++)                                             \
            b[i] = a[i] < b[i] ? a[i] : b[i];                                          \
    }
TYPES(LOOPS)

static const struct {
    MPI_Datatype type;
    numbers_f *sum, *max, *min;
} loops[] = {
#define ENTRY(suffix, mpi, type, sum) { mpi, sum_##suffix, max_##suffix, min_##suffix },
    TYPES(ENTRY)
#undef ENTRY
};

numbers_f *numbers_find(MPI_Datatype type, MPI_Op op)
{
    for (size_t i = 0; i < sizeof(loops) / sizeof(loops[0]); i++) {
        if (loops[i].type == type)
            return op == MPI_SUM   ? loops[i].sum
                   : op == MPI_MAX ? loops[i].max
                   : op == MPI_MIN ? loops[i].min
                                   : NULL;
    }
    return NULL;
}
