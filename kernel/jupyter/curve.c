/* curve.c - encryption of the channels: CurveZMQ, with the keys of a connection file */
#include "kernel/jupyter/curve.h"

#include <stdint.h>
#include <string.h>
#include <zmq.h>

#define KEY_SIZE 32
#define KEY_TEXT 40

bool curve_is_there(void)
{
    return zmq_has("curve");
}

static bool has_keys(const struct connection *connection)
{
    return *connection->curve_secret;
}

static bool is_key(const char *text)
{
    uint8_t key[KEY_SIZE];

    return strlen(text) == KEY_TEXT && zmq_z85_decode(key, text);
}

int curve_check(const struct connection *connection, struct error *err)
{
    const char *public = connection->curve_public, *secret = connection->curve_secret;
    char expected[KEY_TEXT + 1];

    if (!*public && !*secret)
        return 0;
    if (!*public || !*secret)
        return error_set(err, "\"%s\" stands there alone",
                         *public ? "curve_publickey" : "curve_secretkey");
    if (!curve_is_there())
        return error_set(err, "encryption is asked for (\"curve_publickey\"), and this "
                              "libzmq was built without it");
    if (!is_key(public) || !is_key(secret))
        return error_set(err, "\"%s\" is not a key: %d characters of Z85",
                         is_key(public) ? "curve_secretkey" : "curve_publickey",
                         KEY_TEXT);
    if (zmq_curve_public(expected, secret) < 0 || strcmp(expected, public) != 0)
        return error_set(err, "\"curve_publickey\" does not belong to "
                              "\"curve_secretkey\"");
    return 0;
}

static int set_key(void *sock, int option, const char *text)
{
    return zmq_setsockopt(sock, option, text, KEY_TEXT + 1);
}

int curve_serve(void *sock, const struct connection *connection)
{
    int yes = 1;

    if (!has_keys(connection))
        return 0;
    return zmq_setsockopt(sock, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) < 0
                   || set_key(sock, ZMQ_CURVE_SECRETKEY, connection->curve_secret) < 0
               ? -1
               : 0;
}

int curve_connect(void *sock, const struct connection *connection)
{
    if (!has_keys(connection))
        return 0;
    return set_key(sock, ZMQ_CURVE_SERVERKEY, connection->curve_public) < 0
                   || set_key(sock, ZMQ_CURVE_PUBLICKEY, connection->curve_public) < 0
                   || set_key(sock, ZMQ_CURVE_SECRETKEY, connection->curve_secret) < 0
               ? -1
               : 0;
}
