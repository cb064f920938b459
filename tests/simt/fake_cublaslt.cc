/* A cuBLASLt without a GPU: D = A B (+ C) for column-major matrices of f32, f16 or bf16,
 * accumulated in f64 over k from 0 upwards and rounded once to f32.
 *
 * Stricter than the real library: an algorithm fits only the shape it was chosen for; whoever
 * allows split sums gets them first, and they are added in an order of chance; the workspace that
 * an algorithm uses is NaN afterwards; operands lie in memory that the fake runtime made. */
#include <math.h>
#include <string.h>

#include "tests/simt/fake_cublaslt_inner.h"

enum : size_t { WORKSPACE = 32768, SPLIT_WORKSPACE = 65536 };
enum { SPLITS = 4, ALIGNMENT = 16, WORKSPACE_ALIGNMENT = 256, ROWS = 16 };

struct operand {
    const void *at;
    uint32_t type;
    bool transposed; /* element (i, k) at i * ld + k instead of i + k * ld */
    int64_t ld;
};
struct product {
    uint64_t m, n, k;
    struct operand a, b;
    const float *c;
    float *d;
    int64_t c_ld, d_ld;
    float alpha, beta;
    uint32_t splits;
    void *workspace;
    size_t workspace_bytes;
};
static_assert(sizeof(struct product) <= PARAMS_MOST);

/* ---- the product
 * ---------------------------------------------------------------------------------- */

static double widen(const struct operand *o, uint64_t i, uint64_t k)
{
    uint64_t at = o->transposed ? i * (uint64_t)o->ld + k : i + k * (uint64_t)o->ld;
    if (o->type == CUDA_R_32F)
        return (double)((const float *)o->at)[at];
    uint32_t bits = ((const uint16_t *)o->at)[at];
    uint32_t wide = bits << 16;
    if (o->type == CUDA_R_16F) {
        uint32_t rest = bits & 0x7fff;
        if (rest < 0x7c00) {
            double value = rest < 0x400 ? ldexp(rest, -24)
                                        : ldexp(1024 + (rest & 0x3ff), (int)(rest >> 10) - 25);
            return bits & 0x8000 ? -value : value;
        }
        wide = (bits & 0x8000) << 16 | 0x7f800000 | (rest & 0x3ff) << 13;
    }
    float value;
    memcpy(&value, &wide, sizeof value);
    return (double)value;
}

/* sums[r] = sum over k in [from, to) of a[k][r] b[k] */
static void dot_rows(double *sums, const double (*a)[ROWS], const double *b, uint64_t from,
                     uint64_t to)
{
    double s[ROWS] = {};
    for (uint64_t k = from; k < to; k++)
        for (int r = 0; r < ROWS; r++)
            s[r] += a[k][r] * b[k];
    memcpy(sums, s, sizeof s);
}

/* A column's 16 rows. Parts, where k was split, are added as floats in an order of chance. */
static void column(const struct product *p, float *sums, const double (*a)[ROWS], const double *b)
{
    double part[SPLITS][ROWS];
    for (uint32_t s = 0; s < p->splits; s++)
        dot_rows(part[s], a, b, p->k * s / p->splits, p->k * (s + 1) / p->splits);
    uint64_t first = p->splits > 1 ? fake_random(p->splits) : 0;
    for (int r = 0; r < ROWS; r++) {
        sums[r] = 0;
        for (uint32_t s = 0; s < p->splits; s++)
            sums[r] += (float)part[(first + s) % p->splits][r];
    }
}

static void multiply(const void *params)
{
    const struct product *p = (const struct product *)params;
    size_t a_bytes = p->k * ROWS * sizeof(double), b_bytes = p->n * p->k * sizeof(double);
    double(*a)[ROWS] = (double(*)[ROWS])fake_keep(a_bytes);
    double *b = (double *)fake_keep(b_bytes);
    for (uint64_t n = 0; n < p->n; n++)
        for (uint64_t k = 0; k < p->k; k++)
            b[n * p->k + k] = widen(&p->b, n, k);
    for (uint64_t m = 0; m < p->m; m += ROWS) {
        uint64_t rows = p->m - m < ROWS ? p->m - m : (uint64_t)ROWS;
        for (uint64_t k = 0; k < p->k; k++)
            for (uint64_t r = 0; r < rows; r++)
                a[k][r] = widen(&p->a, m + r, k);
        for (uint64_t n = 0; n < p->n; n++) {
            float sums[ROWS];
            column(p, sums, a, b + n * p->k);
            for (uint64_t r = 0; r < rows; r++) {
                float before = p->beta != 0 ? p->c[n * (uint64_t)p->c_ld + m + r] : 0;
                float *to = &p->d[n * (uint64_t)p->d_ld + m + r];
                *to = p->alpha * sums[r] + (p->beta != 0 ? p->beta * before : 0);
            }
        }
    }
    if (p->workspace_bytes)
        memset(p->workspace, 0xff, p->workspace_bytes);
    fake_drop(b, b_bytes);
    fake_drop(a, a_bytes);
}

/* ---- choice and product
 * --------------------------------------------------------------------------- */

struct shape {
    const struct desc *desc;
    const struct layout *a, *b, *c, *d;
    uint64_t m, n, k;
};

static struct shape shape_new(cublasLtMatmulDesc_t desc, cublasLtMatrixLayout_t a,
                              cublasLtMatrixLayout_t b, cublasLtMatrixLayout_t c,
                              cublasLtMatrixLayout_t d)
{
    struct shape s = {};
    s.desc = (const struct desc *)desc;
    s.a = (const struct layout *)a;
    s.b = (const struct layout *)b;
    s.c = (const struct layout *)c;
    s.d = (const struct layout *)d;
    return s;
}

static bool ours(const struct shape *s)
{
    return s->desc && s->desc->magic == DESC && s->a && s->a->magic == LAYOUT && s->b &&
           s->b->magic == LAYOUT && s->c && s->c->magic == LAYOUT && s->d && s->d->magic == LAYOUT;
}

static bool element_allowed(uint32_t type)
{
    return type == CUDA_R_32F || type == CUDA_R_16F || type == CUDA_R_16BF;
}

static bool layout_allowed(const struct layout *l)
{
    return l->order == CUBLASLT_ORDER_COL && l->batch == 1 && l->rows && l->cols &&
           l->ld >= (int64_t)l->rows;
}

/* Sizes of the product; not SUCCESS if it is none, or none that the fake can do. */
static cublasStatus_t shape_of(struct shape *s)
{
    if (!ours(s))
        return CUBLAS_STATUS_INVALID_VALUE;
    const struct desc *d = s->desc;
    bool ta = d->trans[0] == CUBLAS_OP_T, tb = d->trans[1] == CUBLAS_OP_T;
    if (d->compute != CUBLAS_COMPUTE_32F || d->scale != CUDA_R_32F || d->pointer_mode ||
        d->trans[2] != CUBLAS_OP_N || d->epilogue != CUBLASLT_EPILOGUE_DEFAULT ||
        s->a->type != s->b->type || !element_allowed(s->a->type) || s->c->type != CUDA_R_32F ||
        s->d->type != CUDA_R_32F)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!layout_allowed(s->a) || !layout_allowed(s->b) || !layout_allowed(s->c) ||
        !layout_allowed(s->d))
        return CUBLAS_STATUS_INVALID_VALUE;
    s->m = ta ? s->a->cols : s->a->rows;
    s->k = ta ? s->a->rows : s->a->cols;
    s->n = tb ? s->b->rows : s->b->cols;
    bool fits = (tb ? s->b->cols : s->b->rows) == s->k && s->d->rows == s->m &&
                s->d->cols == s->n && s->c->rows == s->m && s->c->cols == s->n;
    return fits ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_INVALID_VALUE;
}

/* FNV-1a over all that an algorithm is chosen for. */
static uint64_t shape_key(const struct shape *s)
{
    const uint64_t parts[] = {s->m,
                              s->n,
                              s->k,
                              s->a->type,
                              (uint64_t)s->a->ld,
                              (uint64_t)s->b->ld,
                              (uint64_t)s->c->ld,
                              (uint64_t)s->d->ld,
                              (uint64_t)s->desc->trans[0],
                              (uint64_t)s->desc->trans[1]};
    uint64_t key = 0xcbf29ce484222325U;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        key = (key ^ parts[i]) * 0x100000001b3U;
    return key;
}

static void offer(cublasLtMatmulHeuristicResult_t *result, const struct algo *algo)
{
    memset(result, 0, sizeof *result);
    memcpy(&result->algo, algo, sizeof *algo);
    result->workspaceSize = algo->workspace;
    result->state = (cublasStatus_t)fake_enter("cublasLtMatmulHeuristicResult_t", CALL_ANYWHERE);
    result->wavesCount = 1.0f;
    if (result->state != CUBLAS_STATUS_SUCCESS)
        memset(&result->algo, 0xff, sizeof result->algo); /* nothing that could be used */
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                              cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                              cublasLtMatmulPreference_t preference, int asked,
                                              cublasLtMatmulHeuristicResult_t *results, int *given)
{
    LT_ENTER(0);
    const struct preference *p = (const struct preference *)preference;
    if (!handle || !handle->magic)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!p || p->magic != PREFERENCE || asked < 1 || !results || !given)
        return CUBLAS_STATUS_INVALID_VALUE;
    *given = 0;
    struct shape s = shape_new(desc, a, b, c, d);
    cublasStatus_t status = shape_of(&s);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    uint64_t key = shape_key(&s);
    uint32_t scheme = p->reduction & CUBLASLT_REDUCTION_SCHEME_MASK;
    scheme &= ~scheme + 1; /* the lowest of those allowed */
    uint64_t room = scheme == CUBLASLT_REDUCTION_SCHEME_INPLACE ? 0 : (uint64_t)SPLIT_WORKSPACE;
    const struct algo split = {ALGO, 24, SPLITS, scheme, room, key};
    const struct algo fast = {ALGO, 66, 1, 0, WORKSPACE, key};
    const struct algo plain = {ALGO, 21, 1, 0, 0, key};
    if (scheme && split.workspace <= p->workspace && *given < asked)
        offer(&results[(*given)++], &split);
    if (fast.workspace <= p->workspace && *given < asked)
        offer(&results[(*given)++], &fast);
    if (*given < asked)
        offer(&results[(*given)++], &plain);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulAlgoConfigGetAttribute(const cublasLtMatmulAlgo_t *of,
                                                    cublasLtMatmulAlgoConfigAttributes_t attribute,
                                                    void *value, size_t bytes, size_t *written)
{
    LT_ENTER(0);
    const struct algo *algo = (const struct algo *)of;
    if (!algo || algo->magic != ALGO)
        return CUBLAS_STATUS_INVALID_VALUE;
    switch (attribute) {
    case CUBLASLT_ALGO_CONFIG_ID:
        return fake_field_get(&algo->id, 4, value, bytes, written);
    case CUBLASLT_ALGO_CONFIG_SPLITK_NUM:
        return fake_field_get(&algo->splits, 4, value, bytes, written);
    case CUBLASLT_ALGO_CONFIG_REDUCTION_SCHEME:
        return fake_field_get(&algo->reduction, 4, value, bytes, written);
    default:
        fake_found("the fake does not know attribute %d of an algorithm", (int)attribute);
        return CUBLAS_STATUS_INVALID_VALUE;
    }
}

cublasStatus_t cublasLtMatmulAlgoCheck(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc,
                                       cublasLtMatrixLayout_t a, cublasLtMatrixLayout_t b,
                                       cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t d,
                                       const cublasLtMatmulAlgo_t *of,
                                       cublasLtMatmulHeuristicResult_t *result)
{
    LT_ENTER(0);
    struct shape s = shape_new(desc, a, b, c, d);
    const struct algo *algo = (const struct algo *)of;
    if (!handle || !algo || !result)
        return CUBLAS_STATUS_INVALID_VALUE;
    cublasStatus_t status = shape_of(&s);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    if (algo->magic != ALGO || algo->shape != shape_key(&s))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    offer(result, algo);
    return CUBLAS_STATUS_SUCCESS;
}

static size_t extent(const struct layout *l)
{
    size_t element = l->type == CUDA_R_32F ? 4 : 2;
    return ((l->cols - 1) * (size_t)l->ld + l->rows) * element;
}

struct range {
    const char *name;
    const void *at;
    size_t bytes;
};

/* A finding, and false, if they share a byte. */
static bool apart(const struct range *a, const struct range *b)
{
    const unsigned char *p = (const unsigned char *)a->at, *q = (const unsigned char *)b->at;
    if (!a->bytes || !b->bytes || p >= q + b->bytes || q >= p + a->bytes)
        return true;
    fake_found("product: %s (%zu bytes at %p) overlaps %s (%zu at %p)", a->name, a->bytes, a->at,
               b->name, b->bytes, b->at);
    return false;
}

/* A finding, and false, unless the operand is aligned and lies in memory of the fake. */
static bool operand_allowed(const char *name, const void *at, size_t bytes, size_t alignment)
{
    const struct allocation *memory = fake_allocation(at, bytes);
    if (memory && memory->base && (uintptr_t)at % alignment == 0)
        return true;
    fake_found("product: %s (%zu bytes at %p) is not %zu-byte aligned memory of the device", name,
               bytes, at, alignment);
    return false;
}

static bool operands_allowed(const struct shape *s, const struct product *p)
{
    size_t a = extent(s->a), b = extent(s->b), c = extent(s->c), d = extent(s->d);
    if (!operand_allowed("A", p->a.at, a, ALIGNMENT) ||
        !operand_allowed("B", p->b.at, b, ALIGNMENT) || !operand_allowed("D", p->d, d, ALIGNMENT) ||
        (p->beta != 0 && !operand_allowed("C", p->c, c, ALIGNMENT)))
        return false;
    if (p->workspace_bytes &&
        !operand_allowed("the workspace", p->workspace, p->workspace_bytes, WORKSPACE_ALIGNMENT))
        return false;
    const struct range out = {"D", p->d, d};
    const struct range room = {"the workspace", p->workspace, p->workspace_bytes};
    const bool in_place = (const float *)p->d == p->c;
    const struct range in[] = {
        {"A", p->a.at, a}, {"B", p->b.at, b}, {"C", p->c, p->beta != 0 && !in_place ? c : 0}};
    bool fine = apart(&room, &out);
    for (size_t i = 0; i < sizeof in / sizeof *in; i++)
        fine = apart(&out, &in[i]) && apart(&room, &in[i]) && fine;
    return fine;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t desc, const void *alpha,
                              const void *a, cublasLtMatrixLayout_t a_layout, const void *b,
                              cublasLtMatrixLayout_t b_layout, const void *beta, const void *c,
                              cublasLtMatrixLayout_t c_layout, void *d,
                              cublasLtMatrixLayout_t d_layout, const cublasLtMatmulAlgo_t *of,
                              void *workspace, size_t workspace_bytes, cudaStream_t stream)
{
    LT_ENTER(0);
    struct shape s = shape_new(desc, a_layout, b_layout, c_layout, d_layout);
    if (!handle || !handle->magic)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    if (!alpha || !beta)
        return CUBLAS_STATUS_INVALID_VALUE;
    cublasStatus_t status = shape_of(&s);
    if (status != CUBLAS_STATUS_SUCCESS)
        return status;
    const struct algo *algo = (const struct algo *)of;
    if (!algo) {
        fake_found("product: without an algorithm the library chooses one at run time");
        return CUBLAS_STATUS_NOT_SUPPORTED;
    }
    if (algo->magic != ALGO || algo->shape != shape_key(&s))
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (workspace_bytes < algo->workspace)
        return CUBLAS_STATUS_INVALID_VALUE;
    struct product p = {};
    p.m = s.m, p.n = s.n, p.k = s.k;
    p.a = {a, s.a->type, s.desc->trans[0] == CUBLAS_OP_T, s.a->ld};
    p.b = {b, s.b->type, s.desc->trans[1] == CUBLAS_OP_N, s.b->ld};
    p.c = (const float *)c, p.c_ld = s.c->ld;
    p.d = (float *)d, p.d_ld = s.d->ld;
    memcpy(&p.alpha, alpha, sizeof p.alpha);
    memcpy(&p.beta, beta, sizeof p.beta);
    p.splits = algo->splits;
    p.workspace = workspace;
    p.workspace_bytes = algo->workspace;
    if (!operands_allowed(&s, &p))
        return CUBLAS_STATUS_INVALID_VALUE;
    struct work work = {};
    work.kind = WORK_MATMUL;
    work.name = "matmul";
    work.matmul = multiply;
    work.params_bytes = sizeof p;
    memcpy(work.params, &p, sizeof p);
    return fake_submit(stream, &work) == cudaSuccess ? CUBLAS_STATUS_SUCCESS
                                                     : CUBLAS_STATUS_EXECUTION_FAILED;
}
