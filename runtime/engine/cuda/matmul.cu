#include "runtime/engine/cuda/matmul.h"

#include <string.h>

#include "runtime/base/die.h"
#include "runtime/base/model.h"
#include "runtime/engine/cuda/launcher.h"
#include "runtime/engine/trace.h"

static const char *op_name(u32 op)
{
    return op < model.op_count ? model.ops[op].name : "PEAK"; /* what the model's are beside */
}

/* Ends the program unless `status` is success; `m` may be NULL. */
static void check(cublasStatus_t status, const char *call, u32 op, const struct matmul *m)
{
    if (status == CUBLAS_STATUS_SUCCESS)
        return;
    if (!m)
        die(EXIT_FAILED, "%s: %s (%s)", call, cublasLtGetStatusString(status),
            cublasLtGetStatusName(status));
    die(EXIT_FAILED, "operation %s, %s, %u rows by [%u][%u]: %s: %s (%s)", op_name(op), m->name,
        m->rows, m->M, m->K, call, cublasLtGetStatusString(status), cublasLtGetStatusName(status));
}

void matmul_open(struct matmul_plans *plans, void *workspace, size_t workspace_bytes)
{
    memset(plans, 0, sizeof *plans);
    plans->workspace = workspace;
    plans->workspace_bytes = workspace_bytes;
    check(cublasLtCreate(&plans->library), "cublasLtCreate", 0, NULL);
}

void matmul_close(struct matmul_plans *plans)
{
    check(cublasLtDestroy(plans->library), "cublasLtDestroy", 0, NULL);
    plans->library = NULL;
}

static bool same_shape(const struct matmul *a, const struct matmul *b)
{
    return a->type == b->type && a->rows == b->rows && a->M == b->M && a->K == b->K &&
           a->w_stride == b->w_stride && a->x_stride == b->x_stride && a->y_stride == b->y_stride &&
           a->add == b->add;
}

static struct matmul_plan *find(struct matmul_plans *plans, const struct matmul *m)
{
    for (u32 i = 0; i < plans->count; i++)
        if (same_shape(&plans->plan[i].key, m))
            return &plans->plan[i];
    return NULL;
}

static void describe(struct matmul_plan *plan, u32 op, const struct matmul *m)
{
    static const cudaDataType types[] = {CUDA_R_32F, CUDA_R_16F, CUDA_R_16BF};
    static_assert(FORMAT_F32 == 0 && FORMAT_F16 == 1 && FORMAT_BF16 == 2, "order of types[]");
    const cublasOperation_t transposed = CUBLAS_OP_T;
    check(cublasLtMatmulDescInit(&plan->product, CUBLAS_COMPUTE_32F, CUDA_R_32F),
          "cublasLtMatmulDescInit", op, m);
    check(cublasLtMatmulDescSetAttribute(&plan->product, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                         sizeof transposed),
          "cublasLtMatmulDescSetAttribute", op, m);
    check(cublasLtMatrixLayoutInit(&plan->w, types[m->type], m->K, m->M, m->w_stride),
          "cublasLtMatrixLayoutInit of W", op, m);
    check(cublasLtMatrixLayoutInit(&plan->x, types[m->type], m->K, m->rows, m->x_stride),
          "cublasLtMatrixLayoutInit of x", op, m);
    check(cublasLtMatrixLayoutInit(&plan->y, CUDA_R_32F, m->M, m->rows, m->y_stride),
          "cublasLtMatrixLayoutInit of y", op, m);
}

/* What an algorithm may use, and what it may count on. */
static void prefer(cublasLtMatmulPreference_t preference, const struct matmul_plans *plans, u32 op,
                   const struct matmul *m)
{
    const uint64_t bytes = plans->workspace_bytes;
    const uint32_t reduction = CUBLASLT_REDUCTION_SCHEME_NONE, alignment = MATMUL_ALIGNMENT;
    const struct {
        cublasLtMatmulPreferenceAttributes_t attribute;
        const void *value;
        size_t value_bytes;
    } wishes[] = {
        {CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, &bytes, sizeof bytes},
        {CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK, &reduction, sizeof reduction},
        {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, &alignment, sizeof alignment},
        {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, &alignment, sizeof alignment},
        {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, &alignment, sizeof alignment},
        {CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, &alignment, sizeof alignment},
    };
    check(cublasLtMatmulPreferenceInit(preference), "cublasLtMatmulPreferenceInit", op, m);
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++)
        check(cublasLtMatmulPreferenceSetAttribute(preference, wishes[i].attribute, wishes[i].value,
                                                   wishes[i].value_bytes),
              "cublasLtMatmulPreferenceSetAttribute", op, m);
}

static void prepare(struct matmul_plans *plans, u32 op, const struct matmul *m)
{
    if (find(plans, m))
        return;
    if (plans->count == MATMUL_PLANS_MOST)
        die(EXIT_FAILED,
            "operation %s, %s: more than %d shapes of matrix products; raise "
            "MATMUL_PLANS_MOST in runtime/engine/cuda/matmul.h",
            op_name(op), m->name, MATMUL_PLANS_MOST);
    struct matmul_plan *const plan = &plans->plan[plans->count];
    plan->key = *m;
    describe(plan, op, m);
    cublasLtMatmulPreferenceOpaque_t preference;
    prefer(&preference, plans, op, m);
    cublasLtMatmulHeuristicResult_t answers[MATMUL_ANSWERS];
    int found = 0;
    check(cublasLtMatmulAlgoGetHeuristic(plans->library, &plan->product, &plan->w, &plan->x,
                                         &plan->y, &plan->y, &preference, MATMUL_ANSWERS, answers,
                                         &found),
          "cublasLtMatmulAlgoGetHeuristic", op, m);
    const cublasLtMatmulHeuristicResult_t *const best = matmul_first(answers, found);
    if (!best)
        die(EXIT_FAILED,
            "operation %s, %s, %u rows by [%u][%u]: cuBLASLt has no algorithm that sums in one "
            "piece within a workspace of %llu bytes, of %d that it names",
            op_name(op), m->name, m->rows, m->M, m->K, (unsigned long long)plans->workspace_bytes,
            found);
    plan->algorithm = best->algo;
    plans->count++;
}

extern "C" void matmul(run *r, u32 op, const struct matmul *m)
{
    struct matmul_plans *const plans = r->launcher->matmuls;
    if (r->launcher->pass == PASS_PREPARE) {
        prepare(plans, op, m);
        return;
    }
    const struct matmul_plan *const plan = find(plans, m);
    if (!plan)
        die(EXIT_FAILED, "operation %s, %s: its matrix product was not prepared", op_name(op),
            m->name);
    launcher_enter(r->launcher, op);
    const f32 alpha = 1.0f, beta = m->add ? 1.0f : 0.0f;
    check(cublasLtMatmul(plans->library, (cublasLtMatmulDesc_t)&plan->product, &alpha, m->w,
                         (cublasLtMatrixLayout_t)&plan->w, m->x, (cublasLtMatrixLayout_t)&plan->x,
                         &beta, m->y, (cublasLtMatrixLayout_t)&plan->y, m->y,
                         (cublasLtMatrixLayout_t)&plan->y, &plan->algorithm, plans->workspace,
                         plans->workspace_bytes, r->launcher->stream),
          "cublasLtMatmul", op, m);
}
