/* The kernels of kernel_shapes.h as tables: what each one is called, its constants, and a
 * function that calls it as a step does. */
#ifndef TESTS_KERNELS_CPU_KERNEL_INSTANCES_H
#define TESTS_KERNELS_CPU_KERNEL_INSTANCES_H

#include "tests/kernels/cpu/every_kernel.h"

/* bias is unused without one. */
struct linear_case {
    const char *name;
    const struct linear_shape *shape;
    void (*call)(run *r, f32 *y, const void *w, const f32 *bias, const f32 *x);
};

struct embed_case {
    const char *name;
    const struct embed_shape *shape;
    void (*call)(run *r, f32 *y, const void *w, const u32 *tokens);
};

struct rmsnorm_case {
    const char *name;
    const struct rmsnorm_shape *shape;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight);
};

struct conv_silu_case {
    const char *name;
    const struct conv_silu_shape *shape;
    void (*call)(run *r, f32 *xz, f32 *state, const f32 *taps, const f32 *bias);
};

struct scan_case {
    const char *name;
    const struct scan_shape *shape;
    void (*call)(run *r, f32 *xz, f32 *state, const f32 *dt, const f32 *xdb, const f32 *A,
                 const f32 *D);
};

struct ssd_case {
    const char *name;
    const struct ssd_shape *shape;
    void (*call)(run *r, f32 *zx, f32 *state, const f32 *A, const f32 *D, const f32 *bias);
};

struct rmsnorm_groups_case {
    const char *name;
    const struct rmsnorm_groups_shape *shape;
    void (*call)(run *r, f32 *x, const f32 *weight);
};

/* The norm by groups and the product one after another, in place on x, and both in one. */
struct norm_linear_add_case {
    const char *name;
    const struct norm_linear_add_shape *shape;
    void (*apart)(run *r, f32 *y, f32 *x, const f32 *norm, const void *w, const f32 *bias);
    void (*call)(run *r, f32 *y, f32 *x, const f32 *norm, const void *w, const f32 *bias);
};

/* What lies between x_proj and out_proj in a Mamba layer with norms. */
struct selection_call {
    f32 *xz, *state, *xdb, *dt;
    const f32 *dt_norm, *b_norm, *c_norm;
    const void *w;
    const f32 *bias, *A, *D;
};
struct norm_dt_scan_case {
    const char *name;
    const struct norm_dt_scan_shape *shape;
    void (*norm)(run *r, const struct selection_call *call);  /* the norms of a chunk */
    void (*apart)(run *r, const struct selection_call *call); /* of one row: three operations */
    void (*call)(run *r, const struct selection_call *call);  /* the same as one */
};

struct layernorm_case {
    const char *name;
    const struct layernorm_shape *shape;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias);
};

struct rope_append_case {
    const char *name;
    const struct rope_append_shape *shape;
    const f32 *frequencies; /* [R / 2] */
    void (*call)(run *r, f32 *q, const f32 *k, const f32 *v, void *keys, void *values);
};

struct attention_case {
    const char *name;
    const struct attention_shape *shape;
    void (*call)(run *r, f32 *q, const void *keys, const void *values);
};

struct swiglu_case {
    const char *name;
    const struct swiglu_shape *shape;
    void (*call)(run *r, f32 *gate, const f32 *up);
};

/* All operations of experts in turn, from x to what is added to y: those of prefill, and those of
 * decode, which normalise x first. */
struct experts_call {
    const void *router, *gate, *up, *down; /* packed; the last three one behind another */
    const f32 *norm;
    f32 *x, *y, *route, *xg, *h;
};
struct experts_case {
    const char *name;
    const struct norm_experts_swiglu_shape *shape; /* one type for the router and the experts */
    void (*call)(run *r, const struct experts_call *call);
    void (*call_one)(run *r, const struct experts_call *call);
};

#define DECLARE_CASES(operation)                                                                   \
    extern const struct operation##_case operation##_cases[];                                      \
    extern const u32 operation##_case_count;
DECLARE_CASES(linear)
DECLARE_CASES(embed)
DECLARE_CASES(rmsnorm)
DECLARE_CASES(conv_silu)
DECLARE_CASES(scan)
DECLARE_CASES(ssd)
DECLARE_CASES(rmsnorm_groups)
DECLARE_CASES(norm_linear_add)
DECLARE_CASES(norm_dt_scan)
DECLARE_CASES(layernorm)
DECLARE_CASES(rope_append)
DECLARE_CASES(attention)
DECLARE_CASES(swiglu)
DECLARE_CASES(experts)

#endif
