/* fuzz_record.c - a stream of records, arriving in two pieces */
#include <stdlib.h>
#include <string.h>

#include "kernel/page/record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read is written again; the bytes must be those that came. */
static void drain(struct record_reader *reader, struct buf *again)
{
    struct error err = { "" };
    struct record *record;

    while ((record = record_reader_next(reader, &err))) {
        for (uint32_t i = 0; i < record->count; i++)
            if (((const char *)record->frames[i].data)[record->frames[i].size])
                abort();
        record_encode(again, record->type, record->cell, record->frames, record->count);
        record_destroy(record);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct record_reader reader = { 0 };
    struct buf again = { 0 };
    size_t cut;

    if (!size)
        return 0;
    cut = *data % size;
    data++;
    size--;
    if (cut > size)
        cut = size;
    buf_add(&reader.in, data, cut);
    drain(&reader, &again);
    buf_add(&reader.in, data + cut, size - cut);
    drain(&reader, &again);
    if (again.size > size || (again.size && memcmp(again.data, data, again.size)))
        abort();
    buf_clear(&again);
    record_reader_clear(&reader);
    return 0;
}
