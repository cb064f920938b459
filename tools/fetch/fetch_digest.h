/* The digests by which the hub names files: SHA-256 of large ones, git's of small ones. */
#ifndef TOOLS_FETCH_FETCH_DIGEST_H
#define TOOLS_FETCH_FETCH_DIGEST_H

#include <stdbool.h>
#include <stdint.h>

enum { DIGEST_SHA256 = 64, DIGEST_GIT = 40, DIGEST_TEXT = DIGEST_SHA256 + 1 }; /* hex digits */

/* Whether the text is a digest of either kind, in lower-case hex digits. */
bool digest_spelled(const char *text);

/* "SHA-256" or "git's SHA-1", of a digest. */
const char *digest_kind(const char *digest);

/* Whether the file's bytes have this digest; what they have is in `found`, "" if the file cannot be
 * read, or an interrupt came. */
bool digest_holds(int file, const char *digest, char found[DIGEST_TEXT]);

#endif
