/* What -fsanitize=thread makes the compiler call before each load and store: our own, in place of
 * ThreadSanitizer's library, which knows nothing of warps, blocks and launches. Sources with
 * kernels are compiled with that option, and programs are linked without it. Host code among them
 * calls these too, outside of any thread, and they do nothing. */
#include "tests/simt/simt_inner.h"

static void hook(const void *at, size_t bytes, size_t alignment, enum simt_access access)
{
    if (!simt_now.self)
        return;
    if ((uintptr_t)at % alignment != 0) {
        simt_find("%s %zu bytes at %p, which is not %zu-byte aligned",
                  access == ACCESS_READ ? "reads" : "writes", bytes, at, alignment);
        simt_give_up();
    }
    simt_access(at, bytes, access, SIMT_LOAD_ANY);
}

/* The compiler's names and types. */
#define HOOKS(bytes, alignment)                                                                    \
    void __tsan_read##bytes(void *at);                                                             \
    void __tsan_read##bytes(void *at)                                                              \
    {                                                                                              \
        hook(at, bytes, alignment, ACCESS_READ);                                                   \
    }                                                                                              \
    void __tsan_write##bytes(void *at);                                                            \
    void __tsan_write##bytes(void *at)                                                             \
    {                                                                                              \
        hook(at, bytes, alignment, ACCESS_WRITE);                                                  \
    }                                                                                              \
    void __tsan_unaligned_read##bytes(void *at);                                                   \
    void __tsan_unaligned_read##bytes(void *at)                                                    \
    {                                                                                              \
        hook(at, bytes, 1, ACCESS_READ);                                                           \
    }                                                                                              \
    void __tsan_unaligned_write##bytes(void *at);                                                  \
    void __tsan_unaligned_write##bytes(void *at)                                                   \
    {                                                                                              \
        hook(at, bytes, 1, ACCESS_WRITE);                                                          \
    }
HOOKS(1, 1)
HOOKS(2, 2)
HOOKS(4, 4)
HOOKS(8, 8)
HOOKS(16, 8)

void __tsan_read_range(void *at, long bytes);
void __tsan_read_range(void *at, long bytes)
{
    hook(at, (size_t)bytes, 1, ACCESS_READ);
}

void __tsan_write_range(void *at, long bytes);
void __tsan_write_range(void *at, long bytes)
{
    hook(at, (size_t)bytes, 1, ACCESS_WRITE);
}

/* Called once by each such source before main(). */
void __tsan_init(void);
void __tsan_init(void)
{
}
