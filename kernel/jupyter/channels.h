/* channels.h - the five sockets of a kernel, bound */
#ifndef JUPYTER_CHANNELS_H
#define JUPYTER_CHANNELS_H

#include "kernel/base/error.h"
#include "kernel/base/loop.h"
#include "kernel/jupyter/connection.h"
#include "kernel/jupyter/message.h"

struct channels;

/* Called for each request that arrives on shell or control, and for each
 * input_reply on stdin.  'msg' is borrowed: keep it with message_ref(). */
typedef void (*channels_f)(enum channel from, struct message *msg, void *arg);

/* Called when a message was refused, with the reason. */
typedef void (*channels_refused_f)(enum channel from, const char *reason, void *arg);

/* Binds all five; a port of 0 is chosen and written into 'connection'.  The
 * heartbeat is echoed, and iopub_welcome sent, by the channels themselves.
 * 'ctx' is a ZeroMQ context.  NULL with 'err' when a port is in use. */
struct channels *channels_create(void *ctx, struct loop *loop,
                                 struct connection *connection, channels_f call,
                                 channels_refused_f refused, void *arg,
                                 struct error *err);
void channels_destroy(struct channels *channels);
const struct session *channels_session(const struct channels *channels);

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
