/* SPDX-License-Identifier: LGPL-3.0-or-later */
#include "net/trust.h"

#include "base/error.h"
#include "base/log.h"

#include <openssl/err.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

/* ---- What the settings say ---- */

static int
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Pairs of digits, with or without ':' between them.  Gives how many bytes,
 * or -1 where TEXT is something else; at most SIZE are stored. */
static int
parse_hex(const char *text, unsigned char *bytes, size_t size)
{
    size_t n = 0;
    while (*text != '\0') {
        if (*text == ':' && n > 0)
            text++;
        int high = hex_digit(text[0]);
        int low = high < 0 ? -1 : hex_digit(text[1]);
        if (low < 0)
            return -1;
        if (n < size)
            bytes[n] = (unsigned char)(high << 4 | low);
        if (++n > 1000)
            return -1;
        text += 2;
    }
    return (int)n;
}

static int
trust_pin(struct h2k_trust *trust, const char *text)
{
    int n = parse_hex(text, trust->pin, sizeof(trust->pin));
    trust->pinned = true;
    if (n == H2K_THUMBPRINT_BYTES)
        return 0;
    return h2k_fail(H2K_E_USAGE,
                    "'%.120s' is not a SHA-256 thumbprint, which has 64 "
                    "hexadecimal digits%s",
                    text, n == 20 ? "; this may be a SHA-1 one" : "");
}

static int
trust_load(struct h2k_trust *trust, const char *ca_file)
{
    trust->store = X509_STORE_new();
    if (trust->store == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    /* A certificate of the file counts whether it is a CA's or the
     * server's own. */
    X509_STORE_set_flags(trust->store, X509_V_FLAG_PARTIAL_CHAIN);
    X509_STORE_set_default_paths(trust->store);
    int rc = 0;
    if (ca_file != NULL && X509_STORE_load_file(trust->store, ca_file) != 1)
        rc =
            h2k_fail(H2K_E_USAGE,
                     "%s: cannot be read as PEM certificates of CAs", ca_file);
    ERR_clear_error();
    return rc;
}

int
h2k_trust_init(struct h2k_trust *trust, const struct h2k_http_trust *settings)
{
    *trust = (struct h2k_trust){ 0 };
    if (settings->thumbprint != NULL)
        return trust_pin(trust, settings->thumbprint);
    trust->insecure = settings->insecure;
    if (!trust->insecure)
        return trust_load(trust, settings->ca_file);
    h2k_log(H2K_LOG_WARNING,
            "the server's certificate is not verified: whoever is between "
            "here and there can read the password and change what is copied");
    return 0;
}

int
h2k_trust_add_pin(struct h2k_trust *trust, const char *origin,
                  const char *thumbprint)
{
    struct h2k_trust_pin *pin = calloc(1, sizeof(*pin));
    if (pin == NULL)
        return h2k_fail(H2K_E_NOMEM, "out of memory");
    int n = parse_hex(thumbprint, pin->digest, sizeof(pin->digest));
    pin->origin = strdup(origin);
    if ((n != SHA_DIGEST_LENGTH && n != H2K_THUMBPRINT_BYTES) ||
        pin->origin == NULL) {
        free(pin->origin);
        free(pin);
        return h2k_fail(H2K_E_USAGE, "'%.120s' is not a thumbprint",
                        thumbprint);
    }
    pin->size = (size_t)n;
    pin->next = trust->hosts;
    trust->hosts = pin;
    return 0;
}

const struct h2k_trust_pin *
h2k_trust_find_pin(const struct h2k_trust *trust, const char *origin)
{
    const struct h2k_trust_pin *pin = trust->hosts;
    while (pin != NULL && strcmp(pin->origin, origin) != 0)
        pin = pin->next;
    return pin;
}

void
h2k_trust_clear(struct h2k_trust *trust)
{
    while (trust->hosts != NULL) {
        struct h2k_trust_pin *pin = trust->hosts;
        trust->hosts = pin->next;
        free(pin->origin);
        free(pin);
    }
    X509_STORE_free(trust->store);
    *trust = (struct h2k_trust){ 0 };
}

/* ---- A look at a certificate ---- */

/* What OpenSSL wrote into BIO, as text that is safe to show. */
static void
take_text(BIO *bio, char *text, size_t size)
{
    int n = bio == NULL ? 0 : BIO_read(bio, text, (int)size - 1);
    text[n > 0 ? n : 0] = '\0';
    for (char *p = text; *p != '\0'; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = '?';
    BIO_free(bio);
}

static void
describe_issuer(X509 *leaf, char *text, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL)
        X509_NAME_print_ex(bio, X509_get_issuer_name(leaf), 0,
                           XN_FLAG_RFC2253);
    take_text(bio, text, size);
}

/* Its names for servers; where it has none of them, its subject. */
static void
describe_names(X509 *leaf, char *text, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    GENERAL_NAMES *names =
        X509_get_ext_d2i(leaf, NID_subject_alt_name, NULL, NULL);
    int count = names == NULL ? 0 : sk_GENERAL_NAME_num(names);
    for (int i = 0; bio != NULL && i < count && i < 4; i++) {
        if (i > 0)
            BIO_puts(bio, ", ");
        GENERAL_NAME_print(bio, sk_GENERAL_NAME_value(names, i));
    }
    if (bio != NULL && count == 0)
        X509_NAME_print_ex(bio, X509_get_subject_name(leaf), 0,
                           XN_FLAG_RFC2253);
    if (bio != NULL && count > 4)
        BIO_puts(bio, ", …");
    GENERAL_NAMES_free(names);
    take_text(bio, text, size);
}

static void
describe_until(const ASN1_TIME *when, char *text, size_t size)
{
    BIO *bio = BIO_new(BIO_s_mem());
    if (bio != NULL)
        ASN1_TIME_print_ex(bio, when, ASN1_DTFLGS_ISO8601);
    take_text(bio, text, size);
}

static bool
check_look(struct h2k_trust_check *check, X509 *leaf,
           unsigned char digest[H2K_THUMBPRINT_BYTES])
{
    unsigned size = 0;
    if (leaf == NULL || X509_digest(leaf, EVP_sha256(), digest, &size) != 1 ||
        size != H2K_THUMBPRINT_BYTES)
        return false;
    check->shown = true;
    for (size_t i = 0; i < H2K_THUMBPRINT_BYTES; i++)
        snprintf(check->thumbprint + 3 * i, 4, "%02X%s", digest[i],
                 i + 1 < H2K_THUMBPRINT_BYTES ? ":" : "");
    return true;
}

static void
check_describe(struct h2k_trust_check *check, X509 *leaf)
{
    describe_names(leaf, check->names, sizeof(check->names));
    describe_issuer(leaf, check->issuer, sizeof(check->issuer));
    const ASN1_TIME *when = check->error == X509_V_ERR_CERT_NOT_YET_VALID
                                ? X509_get0_notBefore(leaf)
                                : X509_get0_notAfter(leaf);
    describe_until(when, check->until, sizeof(check->until));
    ERR_clear_error();
}

/* ---- The handshake ---- */

static bool
pin_fits(const struct h2k_trust_pin *pin, X509 *leaf)
{
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    const EVP_MD *type =
        pin->size == SHA_DIGEST_LENGTH ? EVP_sha1() : EVP_sha256();
    return X509_digest(leaf, type, digest, &size) == 1 && size == pin->size &&
           CRYPTO_memcmp(digest, pin->digest, size) == 0;
}

/* In the place of OpenSSL's verification: 1 trusts.  SSL_CTX_set_cert_verify_
 * callback(3). */
static int
check_verify(X509_STORE_CTX *context, void *opaque)
{
    struct h2k_trust_check *check = opaque;
    const struct h2k_trust *trust = check->trust;
    unsigned char digest[H2K_THUMBPRINT_BYTES];
    X509 *leaf = X509_STORE_CTX_get0_cert(context);
    bool good = check_look(check, leaf, digest);
    if (!good || check->look_only) {
        good = false;
        X509_STORE_CTX_set_error(context, X509_V_ERR_APPLICATION_VERIFICATION);
    } else if (check->pin != NULL && !trust->insecure) {
        good = pin_fits(check->pin, leaf);
        X509_STORE_CTX_set_error(context,
                                 good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    } else if (trust->pinned) {
        good = CRYPTO_memcmp(digest, trust->pin, sizeof(digest)) == 0;
        X509_STORE_CTX_set_error(context,
                                 good ? X509_V_OK : X509_V_ERR_CERT_REJECTED);
    } else if (trust->insecure) {
        X509_STORE_CTX_set_error(context, X509_V_OK);
    } else {
        good = X509_verify_cert(context) == 1;
    }
    check->error = X509_STORE_CTX_get_error(context);
    check->refused = !good;
    if (leaf != NULL)
        check_describe(check, leaf);
    return good;
}

/* Notes the alert by which TLS says that no more comes (RFC 8446, 6.1), which
 * libcurl does not ask for. */
static void
check_message(int sent, int version, int type, const void *bytes, size_t size,
              SSL *ssl, void *opaque)
{
    (void)version, (void)ssl;
    struct h2k_trust_check *check = opaque;
    const unsigned char *alert = bytes;
    if (!sent && type == SSL3_RT_ALERT && size == 2 &&
        alert[1] == SSL_AD_CLOSE_NOTIFY)
        check->goodbye = true;
}

static CURLcode
check_setup(CURL *easy, void *tls, void *opaque)
{
    (void)easy;
    SSL_CTX *context = tls;
    struct h2k_trust_check *check = opaque;
    if (check->trust->store != NULL)
        SSL_CTX_set1_cert_store(context, check->trust->store);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(context, check_verify, check);
    SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_msg_callback(context, check_message);
    SSL_CTX_set_msg_callback_arg(context, check);
    return CURLE_OK;
}

int
h2k_trust_apply(CURL *easy, struct h2k_trust_check *check)
{
    bool names =
        !check->trust->pinned && !check->trust->insecure && check->pin == NULL;
    CURLcode rc =
        curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, check_setup);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(easy, CURLOPT_SSLVERSION,
                              (long)CURL_SSLVERSION_TLSv1_2);
    if (rc != CURLE_OK)
        return h2k_fail(H2K_E_COMPONENT,
                        "this libcurl does not use OpenSSL, which is needed");
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, check);
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER,
                     check->trust->insecure ? 0L : 1L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, names ? 2L : 0L);
    return 0;
}

/* ---- What to tell ---- */

int
h2k_trust_fail(const struct h2k_trust_check *check, const char *where)
{
    const char *accept = "If this is the server that you mean, accept its "
                         "certificate with --thumbprint";
    if (!check->shown)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: no secure connection: TLS 1.2 or later, with a "
                        "certificate, is needed",
                        where);
    if (check->pin != NULL)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: its certificate (SHA-256 %s) is not the one that "
                        "the server named for it; is there a proxy between?",
                        where, check->thumbprint);
    if (check->trust->pinned)
        return h2k_fail(H2K_E_SOURCE,
                        "%s: its certificate is not the one asked for: its "
                        "thumbprint is %s. %s",
                        where, check->thumbprint,
                        "Unless it was renewed, this may be another server");
    switch (check->error) {
    case X509_V_OK:
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
        return h2k_fail(H2K_E_SOURCE,
                        "%s: its certificate is for another name: %s. Use "
                        "that name. %s %s",
                        where, check->names, accept, check->thumbprint);
    case X509_V_ERR_CERT_HAS_EXPIRED:
        return h2k_fail(H2K_E_SOURCE,
                        "%s: a certificate has expired (the server's own is "
                        "valid until %s). %s %s",
                        where, check->until, accept, check->thumbprint);
    case X509_V_ERR_CERT_NOT_YET_VALID:
        return h2k_fail(H2K_E_SOURCE,
                        "%s: a certificate is not valid yet (the server's "
                        "own is from %s on); is the clock right? %s %s",
                        where, check->until, accept, check->thumbprint);
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        return h2k_fail(H2K_E_SOURCE,
                        "%s: its certificate is signed by an unknown CA "
                        "(%s). %s %s, or give the CA's with --ca-file FILE",
                        where, check->issuer, accept, check->thumbprint);
    default:
        return h2k_fail(H2K_E_SOURCE,
                        "%s: its certificate is not trusted: %s. %s %s, or "
                        "give the CA's with --ca-file FILE",
                        where, X509_verify_cert_error_string(check->error),
                        accept, check->thumbprint);
    }
}
