/* sign.c - the HMAC that guards every message */
#include "kernel/jupyter/sign.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

/* The state after the key, from which every digest starts. */
union state {
    crypto_auth_hmacsha256_state sha256;
    crypto_auth_hmacsha512_state sha512;
};

struct scheme {
    const char *name;
    size_t size;
    void (*start)(union state *state, const unsigned char *key, size_t size);
    void (*digest)(union state state, const struct sign_part *parts, size_t count,
                   unsigned char *out);
};

struct signer {
    const struct scheme *scheme; /* NULL: nothing is signed */
    union state start;
};

static void sha256_start(union state *state, const unsigned char *key, size_t size)
{
    crypto_auth_hmacsha256_init(&state->sha256, key, size);
}

static void sha256_digest(union state state, const struct sign_part *parts,
                          size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha256_update(&state.sha256, parts[i].data, parts[i].size);
    crypto_auth_hmacsha256_final(&state.sha256, out);
}

static void sha512_start(union state *state, const unsigned char *key, size_t size)
{
    crypto_auth_hmacsha512_init(&state->sha512, key, size);
}

static void sha512_digest(union state state, const struct sign_part *parts,
                          size_t count, unsigned char *out)
{
    for (size_t i = 0; i < count; i++)
        crypto_auth_hmacsha512_update(&state.sha512, parts[i].data, parts[i].size);
    crypto_auth_hmacsha512_final(&state.sha512, out);
}

static const struct scheme schemes[] = {
    { "hmac-sha256", crypto_auth_hmacsha256_BYTES, sha256_start, sha256_digest },
    { "hmac-sha512", crypto_auth_hmacsha512_BYTES, sha512_start, sha512_digest },
};

struct signer *signer_create(const char *scheme, const char *key, struct error *err)
{
    const struct scheme *found = NULL;
    struct signer *signer;

    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
        if (!strcmp(schemes[i].name, scheme))
            found = &schemes[i];
    }
    if (!found) {
        error_set(err, "unknown signature scheme \"%s\"", scheme);
        return NULL;
    }
    if (sodium_init() < 0) {
        error_set(err, "libsodium cannot be initialised");
        return NULL;
    }
    signer = xcalloc(1, sizeof(*signer));
    if (*key) {
        signer->scheme = found;
        found->start(&signer->start, (const unsigned char *)key, strlen(key));
    }
    return signer;
}

void signer_destroy(struct signer *signer)
{
    if (!signer)
        return;
    sodium_memzero(signer, sizeof(*signer));
    free(signer);
}

void signer_sign(const struct signer *signer, const struct sign_part *parts,
                 size_t count, char out[SIGN_HEX_MAX])
{
    unsigned char digest[crypto_auth_hmacsha512_BYTES];

    *out = '\0';
    if (!signer->scheme)
        return;
    signer->scheme->digest(signer->start, parts, count, digest);
    sodium_bin2hex(out, SIGN_HEX_MAX, digest, signer->scheme->size);
}

bool signer_verify(const struct signer *signer, const struct sign_part *parts,
                   size_t count, const void *signature, size_t size)
{
    char want[SIGN_HEX_MAX];

    if (!signer->scheme)
        return true;
    if (size != 2 * signer->scheme->size)
        return false;
    signer_sign(signer, parts, count, want);
    return sodium_memcmp(want, signature, size) == 0;
}
