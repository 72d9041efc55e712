/* message.h - one message of the Jupyter protocol 5.5
 *
 *     [identity...] <IDS|MSG> signature header parent metadata content [buffer...]
 *
 * Received: frames are counted, the signature is verified over the bytes, then
 * the header is parsed; content stays bytes until somebody asks for it.
 * Sent: header, parent, metadata and content are bytes too, so that what a rank
 * made, and what a client sent, passes through unchanged.
 */
#ifndef JUPYTER_MESSAGE_H
#define JUPYTER_MESSAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/error.h"
#include "kernel/jupyter/backlog.h"
#include "kernel/jupyter/sign.h"

/* A message with more of them is refused; widgets send a few dozen. */
#define MESSAGE_BUFFERS_MAX 1021

struct message_part {
    const void *data;
    size_t size;
};

/* A received message. */
struct message;

/* Receives without blocking.  NULL with 'err->text' "" when nothing is there;
 * NULL with a reason when the message was refused (all its frames are consumed).
 * 'err' must not be NULL. */
struct message *message_recv(void *sock, const struct signer *signer,
                             struct error *err);

/* Builds one from its parts, as if received: for tests, fuzzing and clients. */
struct message *message_decode(const struct message_part *frames, size_t count,
                               const struct signer *signer, struct error *err);

/* The descriptor it came by; -1 when it did not come from outside. */
int message_fd(const struct message *msg);

/* Its sender's connection (peers.h), once somebody has said it; 0 before. */
void message_set_peer(struct message *msg, uint64_t peer);
uint64_t message_peer(const struct message *msg);

/* A message of its own with all but content and buffers: what a parent has to have. */
struct message *message_head(const struct message *msg);

struct message *message_ref(struct message *msg);
void message_unref(struct message *msg);

/* All borrowed.  The header's strings are "" when missing. */
const char *message_type(const struct message *msg);
const char *message_id(const struct message *msg);
const char *message_session(const struct message *msg);
const char *message_date(const struct message *msg);
const char *message_parent_id(const struct message *msg);

/* Raw JSON: a reply copies it.  Bytes that are no UTF-8 are U+FFFD already. */
struct message_part message_header(const struct message *msg);
struct message_part message_metadata(const struct message *msg);
struct message_part message_content_raw(const struct message *msg);

/* Parsed at the first call, and repaired where Jansson refuses what others write
 * (repair.h); NULL when it is no JSON object, or nested absurdly. */
json_t *message_content(const struct message *msg);
json_t *message_metadata_json(const struct message *msg);
size_t message_identity_count(const struct message *msg);
struct message_part message_identity(const struct message *msg, size_t idx);
size_t message_buffer_count(const struct message *msg);
struct message_part message_buffer(const struct message *msg, size_t idx);

/* Whose messages these are: one for each kernel process. */
struct session {
    char id[40];
    const char *username; /* borrowed */
};
void session_init(struct session *session);

#define MESSAGE_ID_SIZE 48

/* A fresh one, for a request whose replies will be looked for. */
void message_id_make(char id[MESSAGE_ID_SIZE]);

#define MESSAGE_DATE_SIZE 40

/* As a header's date: "2026-01-02T03:04:05.678901Z". */
void message_now(char date[MESSAGE_DATE_SIZE]);

/* One message to send.  Parts with size 0 and data NULL are "{}". */
struct message_out {
    const char *type;
    const char *id;               /* NULL: a fresh one */
    const struct message *parent; /* its header is the parent header; NULL: none */
    bool to_parent;               /* send to the parent's identities (shell, control,
                                     stdin) */
    const char *topic;            /* IOPub's topic frame; NULL: none */
    struct message_part metadata;
    struct message_part content;
    const struct message_part *buffers;
    size_t buffer_count;
    struct backlog *backlog; /* counts it until it is taken; NULL: nobody does */
};

/* Sends without blocking; the header is made here, with a fresh msg_id and date. */
int message_send(void *sock, const struct signer *signer, const struct session *session,
                 const struct message_out *out, struct error *err);

/* The same with content as JSON (stolen, also when it fails). */
int message_send_new(void *sock, const struct signer *signer,
                     const struct session *session, struct message_out out,
                     json_t *content, struct error *err);

/* The JSON object that 'part' is, repaired where Jansson refuses what others write
 * (repair.h).  A new reference; NULL when it is none. */
json_t *message_object(struct message_part part);

/* UTF-8 text as JSON; bytes that are no UTF-8, and lone surrogates, become
 * U+FFFD.  Never NULL. */
json_t *message_text(const char *text, size_t size);

#endif
