/* fuzz_parcel.c - the header of a large object */
#include <stdlib.h>
#include <string.h>

/* It needs neither Python nor MPI, but lies in a folder that does. */
#include "bindings/src/parcel.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was understood is written again; the bytes must be those that came. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct parcel parcel = { 0 };
    uint64_t sizes[PARCEL_PIECES + 1];
    char *again;

    if (parcel_decode(&parcel, data, size, 4) < 0)
        return 0;
    if (parcel_length(&parcel) != size)
        abort();
    for (int idx = 0; idx < parcel.count; idx++)
        sizes[idx] = parcel_size(&parcel, idx);
    parcel.sizes = sizes;
    if (!(again = malloc(size)))
        return 0;
    parcel_encode(&parcel, again);
    if (memcmp(again, data, size))
        abort();
    free(again);
    return 0;
}
