/* fuzz_wire.c - what comes over the wire: headers, and whole messages
 *
 * The input is a multipart message: one byte says which side hears it, then each
 * frame is two bytes of length and its bytes; a last frame takes what is left.
 */
#include <stdlib.h>
#include <string.h>

#include "kernel/wire/wire.h"

#define FRAMES_MAX 1100

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

/* Reads every byte that the message promises, and the NULs. */
static void read_all(const struct wire_message *msg)
{
    const struct wire_header *header = wire_message_header(msg);
    uint64_t length = 0;

    for (uint32_t i = 0; i < header->frames; i++) {
        struct wire_frame frame = wire_message_frame(msg, i);

        if (((const char *)frame.data)[frame.size])
            abort();
        length += frame.size;
    }
    if (length != header->length || !strcmp(wire_type_name(header->type), "?"))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct wire_frame frames[FRAMES_MAX];
    struct error err = { "" };
    struct wire_message *msg;
    uint32_t count = 0;
    int is_router;
    size_t length;

    check_header(data, size);
    if (!size)
        return 0;
    is_router = *data++ & 1;
    size--;
    while (size >= 2 && count < FRAMES_MAX) {
        length = (size_t)(data[0] | data[1] << 8);
        data += 2;
        size -= 2;
        if (length > size)
            length = size;
        check_header(data, length);
        frames[count++] = (struct wire_frame){ data, length };
        data += length;
        size -= length;
    }
    if ((msg = wire_message_decode(frames, count, is_router, &err)))
        read_all(msg);
    else if (!err.text[0])
        abort(); /* a refusal has a reason */
    wire_message_destroy(msg);
    return 0;
}
