/* Handle and descriptors of the fake cuBLASLt: attributes that go in and come out again. */
#include <string.h>

#include "tests/simt/fake_cublaslt_inner.h"

static uint64_t handles, descs, layouts, preferences;

/* ---- handle, descriptors
 * -------------------------------------------------------------------------- */

static const struct {
    cublasStatus_t status;
    const char *name;
} statuses[] = {
#define STATUS(name) {name, #name},
    STATUS(CUBLAS_STATUS_SUCCESS) STATUS(CUBLAS_STATUS_NOT_INITIALIZED)
        STATUS(CUBLAS_STATUS_ALLOC_FAILED) STATUS(CUBLAS_STATUS_INVALID_VALUE)
            STATUS(CUBLAS_STATUS_ARCH_MISMATCH) STATUS(CUBLAS_STATUS_MAPPING_ERROR)
                STATUS(CUBLAS_STATUS_EXECUTION_FAILED) STATUS(CUBLAS_STATUS_INTERNAL_ERROR)
                    STATUS(CUBLAS_STATUS_NOT_SUPPORTED) STATUS(CUBLAS_STATUS_LICENSE_ERROR)
#undef STATUS
};

const char *cublasLtGetStatusName(cublasStatus_t status)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (statuses[i].status == status)
            return statuses[i].name;
    return "unknown status";
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    return cublasLtGetStatusName(status);
}

int fake_status_number(const char *text)
{
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        if (!strcmp(statuses[i].name, text))
            return statuses[i].status;
    return -1;
}

size_t cublasLtGetVersion(void)
{
    return CUBLAS_VERSION;
}

size_t cublasLtGetCudartVersion(void)
{
    return CUDART_VERSION;
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    LT_ENTER(CALL_ALLOCATES);
    if (!handle)
        return CUBLAS_STATUS_INVALID_VALUE;
    if (fake_device_kind() == FAKE_NONE)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    *handle = (cublasLtHandle_t)fake_keep(sizeof **handle);
    (*handle)->magic = 1;
    handles++;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    LT_ENTER(0);
    if (!handle || !handle->magic)
        return CUBLAS_STATUS_NOT_INITIALIZED;
    handle->magic = 0;
    handles--;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t fake_field_set(void *field, size_t size, const void *value, size_t given)
{
    if (!field || !value || given != size)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(field, value, size);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t fake_field_get(const void *field, size_t size, void *value, size_t given,
                              size_t *written)
{
    if (!field || !value || given < size)
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(value, field, size);
    if (written)
        *written = size;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescInit_internal(cublasLtMatmulDesc_t of, size_t size,
                                               cublasComputeType_t compute, cudaDataType_t scale)
{
    LT_ENTER(0);
    if (!of || size < sizeof(cublasLtMatmulDescOpaque_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    struct desc *d = (struct desc *)of;
    memset(of, 0, sizeof *of);
    d->magic = DESC;
    d->compute = compute;
    d->scale = scale;
    d->epilogue = CUBLASLT_EPILOGUE_DEFAULT;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *of, cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    LT_ENTER(CALL_ALLOCATES);
    if (!of)
        return CUBLAS_STATUS_INVALID_VALUE;
    *of = (cublasLtMatmulDesc_t)fake_keep(sizeof **of);
    descs++;
    return cublasLtMatmulDescInit_internal(*of, sizeof **of, compute, scale);
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t of)
{
    LT_ENTER(0);
    if (!of || ((struct desc *)of)->magic != DESC)
        return CUBLAS_STATUS_INVALID_VALUE;
    fake_drop(of, sizeof *of);
    ((struct desc *)of)->magic = 0;
    descs--;
    return CUBLAS_STATUS_SUCCESS;
}

static void *desc_field(cublasLtMatmulDesc_t of, cublasLtMatmulDescAttributes_t attribute)
{
    struct desc *d = (struct desc *)of;
    if (!d || d->magic != DESC)
        return nullptr;
    switch (attribute) {
    case CUBLASLT_MATMUL_DESC_COMPUTE_TYPE:
        return &d->compute;
    case CUBLASLT_MATMUL_DESC_SCALE_TYPE:
        return &d->scale;
    case CUBLASLT_MATMUL_DESC_POINTER_MODE:
        return &d->pointer_mode;
    case CUBLASLT_MATMUL_DESC_TRANSA:
        return &d->trans[0];
    case CUBLASLT_MATMUL_DESC_TRANSB:
        return &d->trans[1];
    case CUBLASLT_MATMUL_DESC_TRANSC:
        return &d->trans[2];
    case CUBLASLT_MATMUL_DESC_EPILOGUE:
        return &d->epilogue;
    default:
        fake_found("the fake does not know attribute %d of a product", (int)attribute);
        return nullptr;
    }
}

cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t of,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes)
{
    LT_ENTER(0);
    return fake_field_set(desc_field(of, attribute), 4, value, bytes);
}

cublasStatus_t cublasLtMatmulDescGetAttribute(cublasLtMatmulDesc_t of,
                                              cublasLtMatmulDescAttributes_t attribute, void *value,
                                              size_t bytes, size_t *written)
{
    LT_ENTER(0);
    return fake_field_get(desc_field(of, attribute), 4, value, bytes, written);
}

cublasStatus_t cublasLtMatrixLayoutInit_internal(cublasLtMatrixLayout_t of, size_t size,
                                                 cudaDataType type, uint64_t rows, uint64_t cols,
                                                 int64_t ld)
{
    LT_ENTER(0);
    if (!of || size < sizeof(cublasLtMatrixLayoutOpaque_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    struct layout *l = (struct layout *)of;
    memset(of, 0, sizeof *of);
    l->magic = LAYOUT;
    l->type = type;
    l->order = CUBLASLT_ORDER_COL;
    l->rows = rows;
    l->cols = cols;
    l->ld = ld;
    l->batch = 1;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *of, cudaDataType type,
                                          uint64_t rows, uint64_t cols, int64_t ld)
{
    LT_ENTER(CALL_ALLOCATES);
    if (!of)
        return CUBLAS_STATUS_INVALID_VALUE;
    *of = (cublasLtMatrixLayout_t)fake_keep(sizeof **of);
    layouts++;
    return cublasLtMatrixLayoutInit_internal(*of, sizeof **of, type, rows, cols, ld);
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t of)
{
    LT_ENTER(0);
    if (!of || ((struct layout *)of)->magic != LAYOUT)
        return CUBLAS_STATUS_INVALID_VALUE;
    fake_drop(of, sizeof *of);
    ((struct layout *)of)->magic = 0;
    layouts--;
    return CUBLAS_STATUS_SUCCESS;
}

static void *layout_field(cublasLtMatrixLayout_t of, cublasLtMatrixLayoutAttribute_t attribute,
                          size_t *size)
{
    struct layout *l = (struct layout *)of;
    *size = 8;
    if (!l || l->magic != LAYOUT)
        return nullptr;
    switch (attribute) {
    case CUBLASLT_MATRIX_LAYOUT_TYPE:
        *size = 4;
        return &l->type;
    case CUBLASLT_MATRIX_LAYOUT_ORDER:
        *size = 4;
        return &l->order;
    case CUBLASLT_MATRIX_LAYOUT_ROWS:
        return &l->rows;
    case CUBLASLT_MATRIX_LAYOUT_COLS:
        return &l->cols;
    case CUBLASLT_MATRIX_LAYOUT_LD:
        return &l->ld;
    case CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT:
        *size = 4;
        return &l->batch;
    case CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET:
        return &l->batch_stride;
    default:
        fake_found("the fake does not know attribute %d of a matrix", (int)attribute);
        return nullptr;
    }
}

cublasStatus_t cublasLtMatrixLayoutSetAttribute(cublasLtMatrixLayout_t of,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                const void *value, size_t bytes)
{
    LT_ENTER(0);
    size_t size;
    void *field = layout_field(of, attribute, &size);
    return fake_field_set(field, size, value, bytes);
}

cublasStatus_t cublasLtMatrixLayoutGetAttribute(cublasLtMatrixLayout_t of,
                                                cublasLtMatrixLayoutAttribute_t attribute,
                                                void *value, size_t bytes, size_t *written)
{
    LT_ENTER(0);
    size_t size;
    void *field = layout_field(of, attribute, &size);
    return fake_field_get(field, size, value, bytes, written);
}

cublasStatus_t cublasLtMatmulPreferenceInit_internal(cublasLtMatmulPreference_t of, size_t size)
{
    LT_ENTER(0);
    if (!of || size < sizeof(cublasLtMatmulPreferenceOpaque_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    struct preference *p = (struct preference *)of;
    memset(of, 0, sizeof *of);
    p->magic = PREFERENCE;
    p->reduction = CUBLASLT_REDUCTION_SCHEME_MASK;
    for (int i = 0; i < 4; i++)
        p->alignment[i] = 256;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *of)
{
    LT_ENTER(CALL_ALLOCATES);
    if (!of)
        return CUBLAS_STATUS_INVALID_VALUE;
    *of = (cublasLtMatmulPreference_t)fake_keep(sizeof **of);
    preferences++;
    return cublasLtMatmulPreferenceInit_internal(*of, sizeof **of);
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t of)
{
    LT_ENTER(0);
    if (!of || ((struct preference *)of)->magic != PREFERENCE)
        return CUBLAS_STATUS_INVALID_VALUE;
    fake_drop(of, sizeof *of);
    ((struct preference *)of)->magic = 0;
    preferences--;
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t of,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void *value, size_t bytes)
{
    LT_ENTER(0);
    struct preference *p = (struct preference *)of;
    if (!p || p->magic != PREFERENCE)
        return CUBLAS_STATUS_INVALID_VALUE;
    switch (attribute) {
    case CUBLASLT_MATMUL_PREF_SEARCH_MODE:
        return fake_field_set(&p->search, 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES:
        return fake_field_set(&p->workspace, 8, value, bytes);
    case CUBLASLT_MATMUL_PREF_REDUCTION_SCHEME_MASK:
        return fake_field_set(&p->reduction, 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES:
        return fake_field_set(&p->alignment[0], 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES:
        return fake_field_set(&p->alignment[1], 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES:
        return fake_field_set(&p->alignment[2], 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES:
        return fake_field_set(&p->alignment[3], 4, value, bytes);
    case CUBLASLT_MATMUL_PREF_MAX_WAVES_COUNT:
        return fake_field_set(&p->waves, 4, value, bytes);
    default:
        fake_found("the fake does not know preference %d", (int)attribute);
        return CUBLAS_STATUS_INVALID_VALUE;
    }
}

void fake_cublaslt_reset(void)
{
    handles = descs = layouts = preferences = 0;
}

uint64_t fake_cublaslt_leaks(FILE *out)
{
    uint64_t count = handles + descs + layouts + preferences;
    if (out && count)
        fprintf(out,
                "leak cuBLASLt: %llu handles, %llu descriptors, %llu layouts, %llu preferences\n",
                (unsigned long long)handles, (unsigned long long)descs, (unsigned long long)layouts,
                (unsigned long long)preferences);
    return count;
}
