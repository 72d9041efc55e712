/* test_sign.c - HMACs, against RFC 4231 and by their own word */
#include "kernel/jupyter/sign.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/tap.h"

static const struct sign_part parts[] = {
    { "what do ya want ", 16 },
    { NULL, 0 },
    { "for nothing?", 12 },
};

static void test_vectors(void)
{
    static const struct {
        const char *scheme;
        const char *digest;
    } cases[] = {
        { "hmac-md5", "750c783e6ab0b503eaa86e310a5db738" },
        { "hmac-sha256",
          "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
        { "hmac-sha512",
          "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
          "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737" },
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct signer *signer = signer_create(cases[i].scheme, "Jefe", NULL);
        char hex[SIGN_HEX_MAX];

        signer_sign(signer, parts, 3, hex);
        is_str(hex, cases[i].digest, cases[i].scheme);
        ok(signer_verify(signer, parts, 3, hex, strlen(hex)), "it verifies");
        ok(!signer_verify(signer, parts, 3, hex, strlen(hex) - 1),
           "a short signature is refused");
        ok(!signer_verify(signer, parts, 3, "", 0), "an empty signature is refused");
        hex[5] ^= 1;
        ok(!signer_verify(signer, parts, 3, hex, strlen(hex)), "one wrong digit too");
        signer_destroy(signer);
    }
}

static void test_keys(void)
{
    struct signer *signer = signer_create("hmac-sha256", "", NULL);
    struct error err = { "" };
    char hex[SIGN_HEX_MAX] = "x", long_key[300] = "";

    signer_sign(signer, parts, 3, hex);
    is_str(hex, "", "without a key the signature is empty");
    ok(signer_verify(signer, parts, 3, "junk", 4), "and everything is accepted");
    signer_destroy(signer);

    memset(long_key, 'k', sizeof(long_key) - 1);
    signer = signer_create("hmac-sha256", long_key, NULL);
    signer_sign(signer, parts, 3, hex);
    ok(signer_verify(signer, parts, 3, hex, 64), "a key may be longer than a block");
    signer_destroy(signer);

    ok(!signer_create("hmac-rot13", "key", &err), "other schemes are refused");
    is_str(err.text, "unknown signature scheme \"hmac-rot13\"", "by name");
    signer_destroy(NULL);
}

int main(void)
{
    test_vectors();
    test_keys();
    return done_testing();
}
