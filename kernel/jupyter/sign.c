/* sign.c - the HMAC that guards every message
 *
 * By OpenSSL, whose SHA-256 is seven times as fast as libsodium's where the processor
 * has instructions for it: a third of what the front does for a large text.
 */
#include "kernel/jupyter/sign.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/base/mem.h"

struct signer {
    EVP_MAC_CTX *start; /* after the key; every digest goes on from a copy.  NULL:
                         * nothing is signed */
    size_t size;        /* of a digest, in bytes */
};

/* NULL: no such hash. */
static EVP_MAC_CTX *start(const char *hash, const char *key)
{
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)hash, 0),
        OSSL_PARAM_construct_end(),
    };
    EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *ctx = hmac ? EVP_MAC_CTX_new(hmac) : NULL;

    EVP_MAC_free(hmac);
    if (ctx && !EVP_MAC_init(ctx, (const unsigned char *)key, strlen(key), params)) {
        EVP_MAC_CTX_free(ctx);
        ctx = NULL;
    }
    return ctx;
}

struct signer *signer_create(const char *scheme, const char *key, struct error *err)
{
    static const char prefix[] = "hmac-";
    const size_t length = strlen(prefix);
    EVP_MAC_CTX *ctx = NULL;
    struct signer *signer;

    OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG, NULL);
    if (strncmp(scheme, prefix, length) == 0)
        ctx = start(scheme + length, key);
    if (!ctx || EVP_MAC_CTX_get_mac_size(ctx) > SIGN_MAX) {
        EVP_MAC_CTX_free(ctx);
        error_set(err, "unknown signature scheme \"%s\"", scheme);
        return NULL;
    }
    signer = xcalloc(1, sizeof(*signer));
    signer->size = EVP_MAC_CTX_get_mac_size(ctx);
    if (*key)
        signer->start = ctx;
    else
        EVP_MAC_CTX_free(ctx);
    return signer;
}

void signer_destroy(struct signer *signer)
{
    if (!signer)
        return;
    EVP_MAC_CTX_free(signer->start);
    free(signer);
}

void signer_sign(const struct signer *signer, const struct sign_part *parts,
                 size_t count, char out[SIGN_HEX_MAX])
{
    unsigned char digest[SIGN_MAX];
    EVP_MAC_CTX *ctx;

    *out = '\0';
    if (!signer->start)
        return;
    if (!(ctx = EVP_MAC_CTX_dup(signer->start)))
        abort(); /* memory is out */
    for (size_t i = 0; i < count; i++)
        EVP_MAC_update(ctx, parts[i].data, parts[i].size);
    EVP_MAC_final(ctx, digest, NULL, sizeof(digest));
    EVP_MAC_CTX_free(ctx);
    sodium_bin2hex(out, SIGN_HEX_MAX, digest, signer->size);
}

bool signer_verify(const struct signer *signer, const struct sign_part *parts,
                   size_t count, const void *signature, size_t size)
{
    char want[SIGN_HEX_MAX];

    if (!signer->start)
        return true;
    if (size != 2 * signer->size)
        return false;
    signer_sign(signer, parts, count, want);
    return CRYPTO_memcmp(want, signature, size) == 0;
}
