/* fuzz_wire.c - what comes over the wire: headers, and streams of messages
 *
 * The first byte says who speaks (bit 0), and in which pieces the rest arrives: so many
 * bytes at a time (bits 1 to 7), or all at once (0).
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/wire/wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_header(const uint8_t *data, size_t size)
{
    unsigned char again[WIRE_HEADER_SIZE];
    struct wire_header header;

    if (wire_header_decode(data, size, &header, NULL) < 0)
        return;
    wire_header_encode(&header, again);
    if (size != sizeof(again) || memcmp(again, data, size))
        abort(); /* what is accepted is written the same way */
}

/* Reads every byte that the message promises, and the NULs; written anew it is the
 * same, whose bytes are added to 'out'. */
static void read_all(const struct wire_message *msg, struct buf *out)
{
    static struct wire_frame frames[WIRE_FRAMES_MAX];
    const struct wire_header *header = wire_message_header(msg);
    uint64_t length = 0;

    for (uint32_t i = 0; i < header->frames; i++) {
        frames[i] = wire_message_frame(msg, i);
        if (((const char *)frames[i].data)[frames[i].size])
            abort();
        length += frames[i].size;
    }
    if (length != header->length || !strcmp(wire_type_name(header->type), "?"))
        abort();
    wire_encode(out, *header, frames, header->frames);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct wire_reader *reader;
    const struct wire_message *msg;
    struct error err = { "" };
    struct buf again = { 0 };
    size_t piece;

    check_header(data, size);
    if (!size)
        return 0;
    reader = wire_reader_create(data[0] & 1 ? WIRE_OF_KEEPER : WIRE_OF_FRONT);
    piece = data[0] >> 1 ? data[0] >> 1 : size;
    data++;
    size--;
    for (size_t at = 0; at < size && !err.text[0]; at += piece) {
        wire_reader_add(reader, data + at, size - at < piece ? size - at : piece);
        while ((msg = wire_reader_next(reader, &err)))
            read_all(msg, &again);
    }
    if (again.size > size || (again.size && memcmp(again.data, data, again.size)))
        abort(); /* what came out is what went in */
    buf_clear(&again);
    wire_reader_destroy(reader);
    return 0;
}
