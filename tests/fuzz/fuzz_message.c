/* fuzz_message.c - the frames of a Jupyter message
 *
 * The input's frames are separated by newlines: JSON needs none.
 */
#include <stdint.h>
#include <string.h>

#include "kernel/jupyter/message.h"

#define FRAME_MAX 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_all(const struct message *msg)
{
    json_t *text =
        message_text(message_content_raw(msg).data, message_content_raw(msg).size);

    json_decref(text);
    message_content(msg);
    message_metadata_json(msg);
    for (size_t i = 0; i < message_identity_count(msg); i++)
        message_identity(msg, i);
    for (size_t i = 0; i < message_buffer_count(msg); i++)
        message_buffer(msg, i);
    message_parent_id(msg);
    message_session(msg);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct signer *signer = signer_create("hmac-sha256", "", NULL);
    struct message_part frames[FRAME_MAX];
    struct error err = { "" };
    struct message *msg;
    size_t count = 0;

    while (size > 0 && count < FRAME_MAX) {
        const uint8_t *end = memchr(data, '\n', size);
        size_t length = end ? (size_t)(end - data) : size;

        frames[count++] = (struct message_part){ data, length };
        data += length + (end != NULL);
        size -= length + (end != NULL);
    }
    if ((msg = message_decode(frames, count, signer, &err)))
        read_all(msg);
    message_unref(msg);
    signer_destroy(signer);
    return 0;
}
