/* message.c - one message of the Jupyter protocol 5.5
 *
 * A received message keeps the ZeroMQ frames it came in; everything handed out
 * points into them.  Its header and parent header are parsed when it arrives,
 * content and metadata when somebody asks.
 */
#include "kernel/jupyter/message.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#include "kernel/base/buf.h"
#include "kernel/base/mem.h"
#include "kernel/jupyter/repair.h"
#include "kernel/jupyter/text.h"

#define DELIMITER "<IDS|MSG>"
#define VERSION "5.5"

/* Frames are cheap for a sender and dear for us. */
#define FRAME_MAX 65536

/* Python, which reads it next, gives up at a depth of a thousand. */
#define DEPTH_MAX 500

/* What follows the delimiter, in this order; buffers come last. */
enum section {
    SECTION_SIGNATURE,
    SECTION_HEADER,
    SECTION_PARENT,
    SECTION_METADATA,
    SECTION_CONTENT,
    SECTION_COUNT,
};
#define SIGNED_COUNT (SECTION_COUNT - SECTION_HEADER)

struct message {
    int refs;
    zmq_msg_t *frames;
    size_t count;
    size_t capacity;
    size_t delimiter; /* its index: the number of identities */
    uint64_t peer;
    json_t *header;
    struct buf clean_header; /* its text, when what came is no UTF-8 */
    json_t *parent;
    json_t *metadata; /* NULL until asked for */
    json_t *content;
    bool metadata_is_parsed;
    bool content_is_parsed;
};

static struct message *message_create(void)
{
    struct message *msg = xcalloc(1, sizeof(*msg));

    msg->refs = 1;
    return msg;
}

struct message *message_ref(struct message *msg)
{
    msg->refs++;
    return msg;
}

void message_unref(struct message *msg)
{
    if (!msg || --msg->refs > 0)
        return;
    for (size_t i = 0; i < msg->count; i++)
        zmq_msg_close(&msg->frames[i]);
    free(msg->frames);
    buf_clear(&msg->clean_header);
    json_decref(msg->header);
    json_decref(msg->parent);
    json_decref(msg->metadata);
    json_decref(msg->content);
    free(msg);
}

/* Room for one more frame, which the caller initialises and counts. */
static zmq_msg_t *next_frame(struct message *msg)
{
    if (msg->count == msg->capacity) {
        msg->capacity = msg->capacity ? 2 * msg->capacity : 8;
        msg->frames = xrealloc(msg->frames, msg->capacity * sizeof(*msg->frames));
    }
    return &msg->frames[msg->count];
}

static struct message_part frame(const struct message *msg, size_t idx)
{
    return (struct message_part){
        .data = zmq_msg_data(&msg->frames[idx]),
        .size = zmq_msg_size(&msg->frames[idx]),
    };
}

static struct message_part section(const struct message *msg, enum section which)
{
    return frame(msg, msg->delimiter + 1 + which);
}

static bool is_delimiter(struct message_part part)
{
    return part.size == strlen(DELIMITER)
           && !memcmp(part.data, DELIMITER, strlen(DELIMITER));
}

static bool is_shallow(const json_t *value, int depth)
{
    const json_t *item;
    const char *key;
    size_t i;

    if (json_is_array(value))
        json_array_foreach(value, i, item)
        {
            if (depth == 0 || !is_shallow(item, depth - 1))
                return false;
        }
    else if (json_is_object(value))
        json_object_foreach((json_t *)value, key, item)
        {
            if (depth == 0 || !is_shallow(item, depth - 1))
                return false;
        }
    return true;
}

json_t *message_object(struct message_part part)
{
    json_t *root = json_loadb(part.data, part.size, JSON_ALLOW_NUL, NULL);

    if (!root) {
        size_t size;
        char *repaired = repair_json(part.data, part.size, &size);

        root = json_loadb(repaired, size, JSON_ALLOW_NUL, NULL);
        free(repaired);
    }
    if (json_is_object(root) && is_shallow(root, DEPTH_MAX))
        return root;
    json_decref(root);
    return NULL;
}

static int count_frames(struct message *msg, struct error *err)
{
    size_t after;

    while (msg->delimiter < msg->count && !is_delimiter(frame(msg, msg->delimiter)))
        msg->delimiter++;
    if (msg->delimiter == msg->count)
        return error_set(err, "no delimiter in %zu frames", msg->count);
    after = msg->count - msg->delimiter - 1;
    if (after < SECTION_COUNT)
        return error_set(err, "%zu frames after the delimiter, at least %d expected",
                         after, SECTION_COUNT);
    if (after - SECTION_COUNT > MESSAGE_BUFFERS_MAX)
        return error_set(err, "%zu buffers, at most %d are passed on",
                         after - SECTION_COUNT, MESSAGE_BUFFERS_MAX);
    return 0;
}

static int verify(const struct message *msg, const struct signer *signer,
                  struct error *err)
{
    struct message_part signature = section(msg, SECTION_SIGNATURE);
    struct sign_part parts[SIGNED_COUNT];

    for (int i = 0; i < SIGNED_COUNT; i++) {
        struct message_part part = section(msg, SECTION_HEADER + i);

        parts[i] = (struct sign_part){ part.data, part.size };
    }
    if (!signer_verify(signer, parts, SIGNED_COUNT, signature.data, signature.size))
        return error_set(err, "wrong signature");
    return 0;
}

/* Turns received frames into a message: counted, verified, then parsed. */
static int decode(struct message *msg, const struct signer *signer, struct error *err)
{
    struct message_part header;

    if (count_frames(msg, err) < 0 || verify(msg, signer, err) < 0)
        return -1;
    header = section(msg, SECTION_HEADER);
    if (!(msg->header = message_object(header)))
        return error_set(err, "the header is not a JSON object");
    if (!text_is_clean(header.data, header.size))
        text_add_clean(&msg->clean_header, header.data, header.size);
    if (!(msg->parent = message_object(section(msg, SECTION_PARENT))))
        return error_set(err, "the parent header is not a JSON object");
    if (!*message_type(msg))
        return error_set(err, "the header has no msg_type");
    return 0;
}

static bool has_more(void *sock)
{
    int more = 0;
    size_t size = sizeof(more);

    return zmq_getsockopt(sock, ZMQ_RCVMORE, &more, &size) == 0 && more;
}

/* All frames of one message, so that the socket stands before the next one.
 * Returns 1, or 0 when nothing is there. */
static int recv_frames(struct message *msg, void *sock, struct error *err)
{
    bool too_many = false;

    do {
        zmq_msg_t *next = next_frame(msg);

        zmq_msg_init(next);
        if (zmq_msg_recv(next, sock, ZMQ_DONTWAIT) < 0) {
            zmq_msg_close(next);
            if (errno == EAGAIN || errno == EINTR)
                return 0;
            return error_set(err, "receive: %s", zmq_strerror(errno));
        }
        too_many = too_many || msg->count == FRAME_MAX;
        if (too_many)
            zmq_msg_close(next);
        else
            msg->count++;
    } while (has_more(sock));
    return too_many ? error_set(err, "more than %d frames", FRAME_MAX) : 1;
}

struct message *message_recv(void *sock, const struct signer *signer, struct error *err)
{
    struct message *msg = message_create();
    int rc = recv_frames(msg, sock, err);

    if (rc == 0)
        err->text[0] = '\0';
    if (rc > 0 && decode(msg, signer, err) == 0)
        return msg;
    message_unref(msg);
    return NULL;
}

struct message *message_decode(const struct message_part *frames, size_t count,
                               const struct signer *signer, struct error *err)
{
    struct message *msg = message_create();

    for (size_t i = 0; i < count; i++) {
        zmq_msg_t *next = next_frame(msg);

        if (zmq_msg_init_size(next, frames[i].size) < 0)
            abort(); /* out of memory, as xmalloc() */
        if (frames[i].size > 0)
            memcpy(zmq_msg_data(next), frames[i].data, frames[i].size);
        msg->count++;
    }
    if (decode(msg, signer, err) == 0)
        return msg;
    message_unref(msg);
    return NULL;
}

struct message *message_head(const struct message *msg)
{
    struct message *head = message_create();
    size_t count = msg->delimiter + 1 + SECTION_COUNT;

    for (; head->count < count; head->count++) {
        zmq_msg_t *next = next_frame(head);

        zmq_msg_init(next); /* an empty content is none */
        if (head->count < count - 1)
            zmq_msg_copy(next, &msg->frames[head->count]);
    }
    head->delimiter = msg->delimiter;
    head->peer = msg->peer;
    head->header = json_incref(msg->header);
    head->parent = json_incref(msg->parent);
    return head;
}

int message_fd(const struct message *msg)
{
    return zmq_msg_get(&msg->frames[msg->count - 1], ZMQ_SRCFD);
}

void message_set_peer(struct message *msg, uint64_t peer)
{
    msg->peer = peer;
}

uint64_t message_peer(const struct message *msg)
{
    return msg->peer;
}

static const char *text_in(const json_t *header, const char *name)
{
    const char *text = json_string_value(json_object_get(header, name));

    return text ? text : "";
}

const char *message_type(const struct message *msg)
{
    return text_in(msg->header, "msg_type");
}

const char *message_id(const struct message *msg)
{
    return text_in(msg->header, "msg_id");
}

const char *message_session(const struct message *msg)
{
    return text_in(msg->header, "session");
}

const char *message_date(const struct message *msg)
{
    return text_in(msg->header, "date");
}

const char *message_parent_id(const struct message *msg)
{
    return text_in(msg->parent, "msg_id");
}

struct message_part message_header(const struct message *msg)
{
    if (msg->clean_header.size > 0)
        return (struct message_part){ msg->clean_header.data, msg->clean_header.size };
    return section(msg, SECTION_HEADER);
}

struct message_part message_metadata(const struct message *msg)
{
    return section(msg, SECTION_METADATA);
}

struct message_part message_content_raw(const struct message *msg)
{
    return section(msg, SECTION_CONTENT);
}

json_t *message_content(const struct message *msg)
{
    struct message *cache = (struct message *)msg; /* what it says stays the same */

    if (!msg->content_is_parsed) {
        cache->content = message_object(message_content_raw(msg));
        cache->content_is_parsed = true;
    }
    return msg->content;
}

json_t *message_metadata_json(const struct message *msg)
{
    struct message *cache = (struct message *)msg;

    if (!msg->metadata_is_parsed) {
        cache->metadata = message_object(message_metadata(msg));
        cache->metadata_is_parsed = true;
    }
    return msg->metadata;
}

size_t message_identity_count(const struct message *msg)
{
    return msg->delimiter;
}

struct message_part message_identity(const struct message *msg, size_t idx)
{
    return frame(msg, idx);
}

size_t message_buffer_count(const struct message *msg)
{
    return msg->count - msg->delimiter - 1 - SECTION_COUNT;
}

struct message_part message_buffer(const struct message *msg, size_t idx)
{
    return frame(msg, msg->delimiter + 1 + SECTION_COUNT + idx);
}

void message_id_make(char id[MESSAGE_ID_SIZE])
{
    unsigned char bytes[16];

    randombytes_buf(bytes, sizeof(bytes));
    sodium_bin2hex(id, MESSAGE_ID_SIZE, bytes, sizeof(bytes));
}

void session_init(struct session *session)
{
    char id[MESSAGE_ID_SIZE];
    const char *user = getenv("USER");

    if (sodium_init() < 0)
        abort(); /* no random numbers: ids would repeat */
    message_id_make(id);
    snprintf(session->id, sizeof(session->id), "%.32s", id);
    session->username = user && *user ? user : "rankbook";
}

void message_now(char date[MESSAGE_DATE_SIZE])
{
    struct timespec at;
    struct tm utc;
    size_t used;

    clock_gettime(CLOCK_REALTIME, &at);
    gmtime_r(&at.tv_sec, &utc);
    used = strftime(date, MESSAGE_DATE_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(date + used, MESSAGE_DATE_SIZE - used, ".%06ldZ", at.tv_nsec / 1000);
}

static char *make_header(const struct session *session, const struct message_out *out)
{
    char id[MESSAGE_ID_SIZE], date[MESSAGE_DATE_SIZE];
    json_t *header;
    char *text;

    message_id_make(id);
    message_now(date);
    header = json_pack("{s:s, s:s, s:o, s:s, s:o, s:s}", "msg_id",
                       out->id ? out->id : id, "session", session->id, "username",
                       message_text(session->username, strlen(session->username)),
                       "date", date, "msg_type",
                       message_text(out->type, strlen(out->type)), "version", VERSION);
    text = json_dumps(header, JSON_COMPACT);
    json_decref(header);
    if (!text)
        abort(); /* out of memory: all its strings are UTF-8 */
    return text;
}

/* A router drops what it cannot route, and we never wait for a slow reader. */
static int send_frame(void *sock, struct message_part part, bool more,
                      struct error *err)
{
    int flags = ZMQ_DONTWAIT | (more ? ZMQ_SNDMORE : 0);

    while (zmq_send(sock, part.data, part.size, flags) < 0) {
        if (errno != EINTR)
            return error_set(err, "send: %s", zmq_strerror(errno));
    }
    return 0;
}

/* The frame that stands for the whole message in the backlog. */
static int send_counted(void *sock, const struct message_out *out,
                        struct message_part part, size_t weight, struct error *err)
{
    int flags = ZMQ_DONTWAIT | (out->buffer_count > 0 ? ZMQ_SNDMORE : 0);
    zmq_msg_t frame;

    backlog_frame_init(out->backlog, &frame, part.data, part.size, weight);
    while (zmq_msg_send(&frame, sock, flags) < 0) {
        if (errno == EINTR)
            continue;
        error_set(err, "send: %s", zmq_strerror(errno));
        zmq_msg_close(&frame);
        return -1;
    }
    return 0;
}

static struct message_part text_part(const char *text)
{
    return (struct message_part){ text, strlen(text) };
}

static struct message_part or_empty(struct message_part part)
{
    return part.data || part.size ? part : text_part("{}");
}

static int send_envelope(void *sock, const struct message_out *out, struct error *err)
{
    size_t count = out->to_parent ? message_identity_count(out->parent) : 0;

    for (size_t i = 0; i < count; i++) {
        if (send_frame(sock, message_identity(out->parent, i), true, err) < 0)
            return -1;
    }
    if (out->topic && send_frame(sock, text_part(out->topic), true, err) < 0)
        return -1;
    return send_frame(sock, text_part(DELIMITER), true, err);
}

/* The signed parts, of which content is the last, and the buffers. */
static int send_body(void *sock, const struct message_out *out,
                     const struct message_part *parts, struct error *err)
{
    size_t weight = 0;

    for (int i = 0; i < SIGNED_COUNT; i++)
        weight += parts[i].size;
    for (size_t i = 0; i < out->buffer_count; i++)
        weight += out->buffers[i].size;
    for (int i = 0; i < SIGNED_COUNT; i++) {
        bool is_last = i == SIGNED_COUNT - 1;
        bool more = !is_last || out->buffer_count > 0;
        int rc = is_last && out->backlog
                     ? send_counted(sock, out, parts[i], weight, err)
                     : send_frame(sock, parts[i], more, err);

        if (rc < 0)
            return -1;
    }
    for (size_t i = 0; i < out->buffer_count; i++) {
        if (send_frame(sock, out->buffers[i], i + 1 < out->buffer_count, err) < 0)
            return -1;
    }
    return 0;
}

int message_send(void *sock, const struct signer *signer, const struct session *session,
                 const struct message_out *out, struct error *err)
{
    char *header = make_header(session, out);
    struct message_part none = { 0 };
    struct message_part parts[SIGNED_COUNT] = {
        text_part(header),
        or_empty(out->parent ? message_header(out->parent) : none),
        or_empty(out->metadata),
        or_empty(out->content),
    };
    struct sign_part to_sign[SIGNED_COUNT];
    char signature[SIGN_HEX_MAX];
    int rc = 0;

    for (int i = 0; i < SIGNED_COUNT; i++)
        to_sign[i] = (struct sign_part){ parts[i].data, parts[i].size };
    signer_sign(signer, to_sign, SIGNED_COUNT, signature);
    if (send_envelope(sock, out, err) < 0
        || send_frame(sock, text_part(signature), true, err) < 0
        || send_body(sock, out, parts, err) < 0)
        rc = -1;
    free(header);
    return rc;
}

int message_send_new(void *sock, const struct signer *signer,
                     const struct session *session, struct message_out out,
                     json_t *content, struct error *err)
{
    char *text = json_dumps(content, JSON_COMPACT);
    int rc;

    json_decref(content);
    if (!text)
        return error_set(err, "the content of %s cannot be encoded", out.type);
    out.content = text_part(text);
    rc = message_send(sock, signer, session, &out, err);
    free(text);
    return rc;
}

json_t *message_text(const char *text, size_t size)
{
    json_t *result = json_stringn(size ? text : "", size);
    struct buf clean = { 0 };

    if (result)
        return result;
    text_add_clean(&clean, text, size);
    result = json_stringn(clean.data, clean.size);
    buf_clear(&clean);
    return result;
}
