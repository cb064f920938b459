/* The kernels of kernel_shapes_*.def as tables: what each one is called, its constants, and a
 * function that calls it as a step does. */
#ifndef TESTS_KERNEL_INSTANCES_H
#define TESTS_KERNEL_INSTANCES_H

#include "kernels/cpu/kernels.h"

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

struct norm_case {
    const char *name;
    const struct rmsnorm_shape *shape;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight);
};

struct conv_case {
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

struct groups_case {
    const char *name;
    const struct rmsnorm_groups_shape *shape;
    void (*call)(run *r, f32 *x, const f32 *weight);
};

/* The norm by groups and the product one after another, in place on x, and both in one. */
struct exit_case {
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
struct selection_case {
    const char *name;
    const struct norm_dt_scan_shape *shape;
    void (*norm)(run *r, const struct selection_call *call);     /* the norms of a chunk */
    void (*separate)(run *r, const struct selection_call *call); /* of one row: three operations */
    void (*fused)(run *r, const struct selection_call *call);    /* the same as one */
};

struct layernorm_case {
    const char *name;
    const struct layernorm_shape *shape;
    void (*call)(run *r, f32 *y, const f32 *x, const f32 *weight, const f32 *bias);
};

struct rope_case {
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

extern const struct linear_case linear_cases[];
extern const struct embed_case embed_cases[];
extern const struct norm_case norm_cases[];
extern const struct conv_case conv_cases[];
extern const struct scan_case scan_cases[];
extern const struct ssd_case ssd_cases[];
extern const struct groups_case groups_cases[];
extern const struct exit_case exit_cases[];
extern const struct selection_case selection_cases[];
extern const struct layernorm_case layernorm_cases[];
extern const struct rope_case rope_cases[];
extern const struct attention_case attention_cases[];
extern const struct swiglu_case swiglu_cases[];
extern const struct experts_case experts_cases[];
extern const u32 linear_case_count, embed_case_count, norm_case_count, conv_case_count,
    scan_case_count, selection_case_count, ssd_case_count, groups_case_count, exit_case_count,
    layernorm_case_count, rope_case_count, attention_case_count, swiglu_case_count,
    experts_case_count;

#endif
