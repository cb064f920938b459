/* Linked into test builds of a model's binary: aborts with a message when anything allocates after
 * arena_seal().
 *
 * Two nets. The allocation functions of libc are replaced, which names the function at fault.
 * And from sealing on the kernel itself refuses mmap, mremap and brk to the process (seccomp),
 * which catches calls made inside libc. Link with -Wl,--wrap=arena_seal, and not under a sanitizer,
 * whose own allocator this would replace. */
#define _GNU_SOURCE

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

void __real_arena_seal(void);
void __wrap_arena_seal(void);
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

static bool sealed;

static _Noreturn void abort_for(const char *what)
{
    static const char prefix[] = "alloc guard: after sealing the program called ";
    ssize_t ignored = write(STDERR_FILENO, prefix, sizeof prefix - 1);
    ignored += write(STDERR_FILENO, what, strlen(what));
    ignored += write(STDERR_FILENO, "\n", 1);
    (void)ignored;
    abort();
}

void *malloc(size_t bytes)
{
    if (sealed)
        abort_for("malloc");
    return __libc_malloc(bytes);
}

void *calloc(size_t count, size_t bytes)
{
    if (sealed)
        abort_for("calloc");
    return __libc_calloc(count, bytes);
}

void *realloc(void *block, size_t bytes)
{
    if (sealed)
        abort_for("realloc");
    return __libc_realloc(block, bytes);
}

void *aligned_alloc(size_t alignment, size_t bytes)
{
    if (sealed)
        abort_for("aligned_alloc");
    return __libc_memalign(alignment, bytes);
}

int posix_memalign(void **block, size_t alignment, size_t bytes)
{
    if (sealed)
        abort_for("posix_memalign");
    *block = __libc_memalign(alignment, bytes);
    return *block ? 0 : ENOMEM;
}

void free(void *block)
{
    if (sealed && block)
        abort_for("free");
    __libc_free(block);
}

static void on_refused_call(int signal_number, siginfo_t *details, void *context)
{
    (void)signal_number, (void)context;
    switch (details->si_syscall) {
    case SYS_mmap:
        abort_for("mmap");
    case SYS_mremap:
        abort_for("mremap");
    default:
        abort_for("brk");
    }
}

/* From now on mmap, mremap and brk raise SIGSYS in every thread of the process. */
static void refuse_mapping(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = on_refused_call;
    action.sa_flags = SA_SIGINFO;
    sigaction(SIGSYS, &action, NULL);
    struct sock_filter rules[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mmap, 3, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 2, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_brk, 1, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
    };
    struct sock_fprog filter = {.len = sizeof rules / sizeof *rules, .filter = rules};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
        syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter))
        abort_for("nothing, but seccomp cannot be set up");
}

void __wrap_arena_seal(void)
{
    __real_arena_seal();
    refuse_mapping();
    sealed = true;
}
