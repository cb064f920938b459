#include "tools/fetch/fetch_digest.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <nettle/sha1.h>
#include <nettle/sha2.h>

#include "runtime/base/interrupt.h"

enum { BLOCK = 1 << 20 };

/* One of the two, chosen by the length of the digest. */
struct hash {
    bool git;
    struct sha1_ctx sha1;
    struct sha256_ctx sha256;
};

bool digest_spelled(const char *text)
{
    const size_t length = strspn(text, "0123456789abcdef");
    return text[length] == '\0' && (length == DIGEST_SHA256 || length == DIGEST_GIT);
}

const char *digest_kind(const char *digest)
{
    return strlen(digest) == DIGEST_GIT ? "git's SHA-1" : "SHA-256";
}

static void add(struct hash *hash, const uint8_t *bytes, size_t count)
{
    if (hash->git)
        sha1_update(&hash->sha1, count, bytes);
    else
        sha256_update(&hash->sha256, count, bytes);
}

static void spell(struct hash *hash, char text[DIGEST_TEXT])
{
    uint8_t bytes[SHA256_DIGEST_SIZE];
    const uint32_t count = hash->git ? SHA1_DIGEST_SIZE : SHA256_DIGEST_SIZE;
    if (hash->git)
        sha1_digest(&hash->sha1, count, bytes);
    else
        sha256_digest(&hash->sha256, count, bytes);
    for (uint32_t i = 0; i < count; i++)
        snprintf(text + (size_t)2 * i, 3, "%02x", bytes[i]);
}

bool digest_holds(int file, const char *digest, char found[DIGEST_TEXT])
{
    static uint8_t block[BLOCK];
    struct hash hash = {.git = strlen(digest) == DIGEST_GIT};
    struct stat facts;
    found[0] = '\0';
    if (fstat(file, &facts) != 0)
        return false;
    sha1_init(&hash.sha1);
    sha256_init(&hash.sha256);
    if (hash.git) { /* git hashes a header with the bytes, its NUL included */
        char header[32];
        const int length = snprintf(header, sizeof header, "blob %jd", (intmax_t)facts.st_size);
        add(&hash, (const uint8_t *)header, (size_t)length + 1);
    }
    for (off_t at = 0; at < facts.st_size;) {
        const ssize_t count = pread(file, block, sizeof block, at);
        if (count <= 0 || interrupt_asked())
            return false;
        add(&hash, block, (size_t)count);
        at += count;
    }
    spell(&hash, found);
    return strcmp(found, digest) == 0;
}
