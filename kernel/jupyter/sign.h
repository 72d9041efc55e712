/* sign.h - the HMAC that guards every message */
#ifndef JUPYTER_SIGN_H
#define JUPYTER_SIGN_H

#include <stdbool.h>
#include <stddef.h>

#include "kernel/base/error.h"

enum {
    SIGN_MAX = 64,                   /* of SHA-512, in bytes */
    SIGN_HEX_MAX = 2 * SIGN_MAX + 1, /* with the NUL */
};

struct signer;
struct sign_part {
    const void *data;
    size_t size;
};

/* 'scheme' is "hmac-" and a hash that OpenSSL has, as "hmac-sha256".  A key of ""
 * signs with "" and accepts everything. */
struct signer *signer_create(const char *scheme, const char *key, struct error *err);
void signer_destroy(struct signer *signer);

/* Lower-case hex of the parts one after the other. */
void signer_sign(const struct signer *signer, const struct sign_part *parts,
                 size_t count, char out[SIGN_HEX_MAX]);

/* In constant time. */
bool signer_verify(const struct signer *signer, const struct sign_part *parts,
                   size_t count, const void *signature, size_t size);

#endif
