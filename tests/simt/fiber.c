#include "tests/simt/fiber.h"

#include <stdint.h>
#include <string.h>

/* Stores the stack pointer in *from, takes the one of `to`: between the two, the same code on two
 * stacks. A new fiber's stack is laid out as if it had been left here, about to return to entry().
 */
void fiber_swap(void **from, void *to);

#if defined(__x86_64__)
enum { SAVED = 6, RETURN = 6, FRAME = 8 }; /* words; the pointer is 8 off 16 when entry() begins */
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap, @function\n"
        "fiber_swap:\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size fiber_swap, . - fiber_swap\n");
#elif defined(__aarch64__)
enum { SAVED = 20, RETURN = 11, FRAME = 20 };
__asm__(".text\n"
        ".globl fiber_swap\n"
        ".hidden fiber_swap\n"
        ".type fiber_swap, %function\n"
        "fiber_swap:\n"
        "    sub sp, sp, #160\n"
        "    stp x19, x20, [sp, #0]\n"
        "    stp x21, x22, [sp, #16]\n"
        "    stp x23, x24, [sp, #32]\n"
        "    stp x25, x26, [sp, #48]\n"
        "    stp x27, x28, [sp, #64]\n"
        "    stp x29, x30, [sp, #80]\n"
        "    stp d8, d9, [sp, #96]\n"
        "    stp d10, d11, [sp, #112]\n"
        "    stp d12, d13, [sp, #128]\n"
        "    stp d14, d15, [sp, #144]\n"
        "    mov x9, sp\n"
        "    str x9, [x0]\n"
        "    mov sp, x1\n"
        "    ldp x19, x20, [sp, #0]\n"
        "    ldp x21, x22, [sp, #16]\n"
        "    ldp x23, x24, [sp, #32]\n"
        "    ldp x25, x26, [sp, #48]\n"
        "    ldp x27, x28, [sp, #64]\n"
        "    ldp x29, x30, [sp, #80]\n"
        "    ldp d8, d9, [sp, #96]\n"
        "    ldp d10, d11, [sp, #112]\n"
        "    ldp d12, d13, [sp, #128]\n"
        "    ldp d14, d15, [sp, #144]\n"
        "    add sp, sp, #160\n"
        "    ret\n"
        ".size fiber_swap, . - fiber_swap\n");
#else
#error "fibers are written for x86-64 and aarch64"
#endif

#ifdef __SANITIZE_ADDRESS__
void __sanitizer_start_switch_fiber(void **save, const void *bottom, size_t bytes);
void __sanitizer_finish_switch_fiber(void *save, const void **bottom, size_t *bytes);
void __asan_unpoison_memory_region(void const volatile *memory, size_t bytes);
#endif

void fiber_make(struct fiber *f, void *stack, size_t bytes, void (*entry)(void))
{
#ifdef __SANITIZE_ADDRESS__
    __asan_unpoison_memory_region(stack, bytes); /* marks of a fiber that never returned */
#endif
    uintptr_t *frame = (uintptr_t *)(void *)((char *)stack + bytes) - FRAME;
    memset(frame, 0, FRAME * sizeof *frame);
    frame[RETURN] = (uintptr_t)entry;
    *f = (struct fiber){.sp = frame, .bottom = stack, .bytes = bytes};
}

void fiber_switch(struct fiber *from, struct fiber *to)
{
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_start_switch_fiber(&from->sanitizer, to->bottom, to->bytes);
#endif
    fiber_swap(&from->sp, to->sp);
#ifdef __SANITIZE_ADDRESS__
    __sanitizer_finish_switch_fiber(from->sanitizer, NULL, NULL);
#endif
}

void fiber_arrive(struct fiber *from)
{
#ifdef __SANITIZE_ADDRESS__
    const void *bottom;
    size_t bytes;
    __sanitizer_finish_switch_fiber(NULL, &bottom, &bytes);
    if (!from->bottom) {
        from->bottom = bottom;
        from->bytes = bytes;
    }
#else
    (void)from;
#endif
}
