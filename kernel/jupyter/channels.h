/* channels.h - the five sockets of a kernel, bound */
#ifndef JUPYTER_CHANNELS_H
#define JUPYTER_CHANNELS_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/jupyter/connection.h"
#include "kernel/jupyter/message.h"

struct channels;

/* Bytes that may wait for clients to read them, on each channel. */
#define CHANNELS_LIMIT (UINT64_C(256) << 20)

/* Each but the first may be NULL. */
struct channels_calls {
    /* Each request that arrives on shell or control, and each input_reply on stdin.
     * 'msg' is borrowed: keep it with message_ref(). */
    void (*request)(enum channel from, struct message *msg, void *arg);

    /* A message was refused, with the reason. */
    void (*refused)(enum channel from, const char *reason, void *arg);

    /* A client has left shell: what it asked for may be in vain. */
    void (*gone)(void *arg);

    /* Clients have too much to read (peers.h): nothing more should be made, until
     * they are not full any more. */
    void (*full)(bool is_full, void *arg);
};

/* Binds all five; a port of 0 is chosen and written into 'connection'.  The
 * heartbeat is echoed, and iopub_welcome sent, by the channels themselves.
 * 'ctx' is a ZeroMQ context; 'calls' is borrowed; 'limit' is CHANNELS_LIMIT or what
 * the user wants instead.  NULL with 'err' when a port is in
 * use. */
struct channels *channels_create(void *ctx, struct loop *loop,
                                 struct connection *connection, uint64_t limit,
                                 const struct channels_calls *calls, void *arg,
                                 struct error *err);
void channels_destroy(struct channels *channels);
const struct session *channels_session(const struct channels *channels);

/* Whether the client that sent 'request' by shell is still connected there. */
bool channels_is_there(struct channels *channels, const struct message *request);

/* On IOPub, with 'parent' (may be NULL).  The content is stolen. */
void channels_publish_new(struct channels *channels, const char *type,
                          const struct message *parent, json_t *content);

/* On IOPub, as bytes that a rank made. */
void channels_publish(struct channels *channels, const struct message_out *out);

/* Answers 'request' on the channel it came by.  The content is stolen. */
void channels_reply_new(struct channels *channels, enum channel to,
                        const struct message *request, const char *type,
                        json_t *content);
void channels_reply(struct channels *channels, enum channel to,
                    const struct message_out *out);

/* {"execution_state": "busy"|"idle"|"starting"} */
void channels_status(struct channels *channels, const struct message *parent,
                     const char *state);

#endif
