/* XXH3, compiled in: the library's header is all there is, and it never allocates. */
#ifndef RUNTIME_BASE_DIGEST_H
#define RUNTIME_BASE_DIGEST_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#endif
