/* The CUDA backend: the host calls a generated step, whose operations launch kernels; or it
 * launches the graph in which that was captured. */
#include "runtime/engine/backend.h"

#include <cuda_profiler_api.h>
#include <stdio.h>
#include <string.h>

#include "kernels/cuda/work.h"
#include "runtime/base/die.h"
#include "runtime/base/number_text.h"
#include "runtime/engine/cuda/cuda.h"
#include "runtime/engine/cuda/load.h"
#include "runtime/engine/cuda/memory_probe.h"
#include "runtime/engine/cuda/nvml.h"
#include "runtime/engine/cuda/random_weights.h"
#include "runtime/engine/session.h"
#include "runtime/engine/trace.h"

const char backend_name[] = "cuda";
const char backend_make[] = " BACKEND=cuda";
const bool backend_has_graphs = true;
const bool backend_has_random_weights = true;
const bool backend_same_in_chunks = false; /* products of many rows are summed otherwise */

struct cuda cuda;

enum { WORK_ALIGN = 256, MOST_THREADS = 8 };

const char *backend_targets(void)
{
    return device_targets;
}

const char *backend_device(void)
{
    return cuda.device.name;
}

bool backend_gpu(struct gpu_reading *reading)
{
    nvml_read("libnvidia-ml.so.1", cuda.device.address, reading);
    return true;
}

/* The host only scores texts. */
u32 backend_threads(u32 asked, u32 processors)
{
    u32 most = processors < MOST_THREADS ? processors : MOST_THREADS;
    return asked ? asked : most;
}

/* ---- memory -------------------------------------------------------------------------------- */

/* The workspace of operations and sampler steps, at the front of the work arena. */
static uint64_t operation_bytes(void)
{
    uint64_t sampler = WORK_SAMPLER_BYTES(model.vocab);
    uint64_t most = sampler > model.work_bytes ? sampler : model.work_bytes;
    return (most + WORK_ALIGN - 1) / WORK_ALIGN * WORK_ALIGN;
}

static uint64_t front_bytes(u32 tokens)
{
    return model.io_tokens_at + tokens * sizeof(u32);
}

static uint64_t logits_bytes(u32 rows)
{
    return (uint64_t)rows * model.vocab_pad * sizeof(f32);
}

static uint64_t exchange_bytes(void)
{
    return arena_rounded(front_bytes(model.chunk)) + arena_rounded(logits_bytes(model.logit_rows)) +
           arena_rounded(sizeof(struct sampler_step)) + arena_rounded(sizeof(struct sampler_ring));
}

struct memory_plan backend_plan(uint64_t tokenizer, uint64_t host, u32 threads)
{
    return (struct memory_plan){
        .weights = model.weights_bytes,
        .tokenizer = tokenizer,
        .state = model.state_bytes,
        .scratch = model.scratch_bytes,
        .io = model.io_bytes,
        .work = operation_bytes() + MATMUL_WORKSPACE_BYTES + sizeof(struct sampler_step),
        .host = exchange_bytes() + STAGING_BYTES + host,
        .threads = team_stack_bytes(threads),
    };
}

static void open_exchange(void)
{
    cuda.pinned = pinned_reserve("exchange", exchange_bytes());
    uint8_t *at = cuda.pinned;
    cuda.exchange.step = (struct step *)at;
    cuda.exchange.tokens = (u32 *)(at + model.io_tokens_at);
    at += arena_rounded(front_bytes(model.chunk));
    cuda.exchange.logits = (f32 *)at;
    at += arena_rounded(logits_bytes(model.logit_rows));
    cuda.exchange.sampler = (struct sampler_step *)at;
    at += arena_rounded(sizeof(struct sampler_step));
    cuda.exchange.ring = (struct sampler_ring *)at;
}

/* ---- steps --------------------------------------------------------------------------------- */

void cuda_await_sent(void)
{
    CUDA_CHECK(cudaEventSynchronize(cuda.sent));
}

void cuda_send(u32 tokens)
{
    CUDA_CHECK(cudaMemcpyAsync(cuda.memory.io, cuda.exchange.step, front_bytes(tokens),
                               cudaMemcpyHostToDevice, cuda.launcher.stream));
    CUDA_CHECK(cudaEventRecord(cuda.sent, cuda.launcher.stream));
}

static void record_decode(cudaGraphConditionalHandle loop)
{
    (void)loop;
    model.decode(&cuda.run);
}

static void record_prefill(cudaGraphConditionalHandle loop)
{
    (void)loop;
    model.prefill(&cuda.run);
}

static void record_head(cudaGraphConditionalHandle loop)
{
    (void)loop;
    model.head(&cuda.run);
}

static const struct {
    const char *name;
    graph_record *record;
} steps[CUDA_STEPS] = {
    [STEP_DECODE] = {"decode", record_decode},
    [STEP_PREFILL] = {"prefill", record_prefill},
    [STEP_HEAD] = {"head", record_head},
};

void cuda_step(enum cuda_step step)
{
    if (cuda.mode.use != GRAPH_NONE) {
        CUDA_CHECK(cudaGraphLaunch(cuda.steps[cuda.launcher.pdl][step].exec, cuda.launcher.stream));
        return;
    }
    cuda_watch_begin(cuda.exchange.step);
    steps[step].record(0);
    cuda_watch_end();
}

const f32 *cuda_logits(u32 rows)
{
    const uint8_t *from = (const uint8_t *)cuda.memory.io + model.io_logits_at;
    CUDA_CHECK(cudaMemcpyAsync(cuda.exchange.logits, from, logits_bytes(rows),
                               cudaMemcpyDeviceToHost, cuda.launcher.stream));
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    return cuda.exchange.logits;
}

void backend_reset(struct session *session)
{
    (void)session;
    CUDA_CHECK(cudaMemsetAsync(cuda.memory.state, 0, model.state_bytes, cuda.launcher.stream));
    cuda_watch_reset();
}

void backend_prefill(struct session *session, const u32 *ids, u32 count)
{
    cuda_await_sent();
    memcpy(cuda.exchange.tokens, ids, count * sizeof *ids);
    *cuda.exchange.step = (struct step){.tokens = count, .position = session->position};
    cuda_send(count);
    cuda_step(STEP_PREFILL);
}

const f32 *backend_head(struct session *session, u32 first, u32 rows)
{
    (void)session;
    cuda_await_sent();
    cuda.exchange.step->logit_first = first;
    cuda.exchange.step->logit_rows = rows;
    cuda_send(0);
    cuda_step(STEP_HEAD);
    return cuda_logits(rows);
}

const f32 *backend_decode(struct session *session, u32 id)
{
    cuda_await_sent();
    cuda.exchange.tokens[0] = id;
    *cuda.exchange.step =
        (struct step){.tokens = 1, .logit_rows = 1, .position = session->position};
    cuda_send(1);
    cuda_step(STEP_DECODE);
    return cuda_logits(1);
}

/* ---- opening ------------------------------------------------------------------------------- */

static void open_run(void)
{
    uint8_t *work = cuda.memory.work;
    matmul_open(&cuda.matmuls, work + operation_bytes(), MATMUL_WORKSPACE_BYTES);
    cuda.sampler = (struct sampler_step *)(work + operation_bytes() + MATMUL_WORKSPACE_BYTES);
    cuda.run = (run){
        .weights = cuda.memory.weights,
        .state = cuda.memory.state,
        .scratch = cuda.memory.scratch,
        .io = cuda.memory.io,
        .step = cuda.memory.io,
        .threads = 1,
        .launcher = &cuda.launcher,
        .work = cuda.memory.work,
    };
    cuda.launcher.matmuls = &cuda.matmuls;
    cuda.launcher.shared_bytes_most = cuda.device.shared_bytes_most;
}

/* Once without launching, once for real: whatever CUDA and cuBLASLt put off until a kernel first
 * runs has happened afterwards. */
static void warm_up(void)
{
    cuda.launcher.pass = PASS_PREPARE;
    for (u32 i = 0; i < CUDA_STEPS; i++)
        steps[i].record(0);
    cuda.launcher.pass = PASS_RUN;
    cuda.exchange.tokens[0] = 0;
    *cuda.exchange.step = (struct step){.tokens = 1, .logit_rows = 1};
    CUDA_CHECK(cudaMemsetAsync(cuda.memory.state, 0, model.state_bytes, cuda.launcher.stream));
    cuda_send(1);
    trace_begin(TRACE_WARM_UP, 0);
    steps[STEP_PREFILL].record(0);
    steps[STEP_HEAD].record(0);
    steps[STEP_DECODE].record(0);
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    trace_end();
}

/* NULL, or the step whose graph CUDA refuses; then there is none of the others either. */
static const char *capture_steps(bool pdl)
{
    cuda.launcher.pdl = pdl;
    for (u32 i = 0; i < CUDA_STEPS; i++) {
        if (graph_capture(&cuda.launcher, &cuda.steps[pdl][i], GRAPH_ONCE, steps[i].record))
            continue;
        for (u32 made = 0; made < i; made++)
            graph_destroy(&cuda.steps[pdl][made]);
        return steps[i].name;
    }
    return NULL;
}

/* What was asked for, or the end. */
static void require_steps(bool pdl)
{
    const char *refused = capture_steps(pdl);
    if (refused)
        graph_refuse(refused, &cuda.launcher.refused);
}

/* Graphs without early starts of kernels where CUDA refuses those, and none where it refuses
 * graphs: nobody has asked for them. */
static void capture_default(void)
{
    const char *refused = capture_steps(!cuda.mode.no_pdl);
    if (!refused)
        return;
    const struct refusal why = cuda.launcher.refused;
    if (cuda.mode.no_pdl || capture_steps(false))
        cuda.mode.use = GRAPH_NONE;
    cuda.mode.no_pdl = true;
    note("%s; runs as with %s", graph_refusal(refused, &why),
         cuda.mode.use == GRAPH_NONE ? "--no-graph --no-pdl" : "--no-pdl");
}

static void capture(bool variants)
{
    if (variants) {
        require_steps(false);
        require_steps(true);
    } else if (cuda.mode.use == GRAPH_DEFAULT) {
        capture_default();
    } else if (cuda.mode.use != GRAPH_NONE) {
        require_steps(!cuda.mode.no_pdl);
    }
    cuda.launcher.pdl = !cuda.mode.no_pdl;
}

const char *backend_memory_auto(void)
{
    static struct memory_reason why;
    struct device device;
    struct device_refusal refusal;
    if (device_find(&device, &refusal))
        memory_probe(&device, &cuda.run, &why);
    else
        snprintf(why.text, sizeof why.text,
                 "unified on a GPU that shares the host's memory, if it reads unified memory at "
                 "least %d%% as fast as device memory, else device; here is none: %s",
                 MEMORY_PROBE_ENOUGH_PERCENT, refusal.why);
    return why.text;
}

static void report(const struct session *session)
{
    const struct memory_plan *plan = &session->plan;
    note("%s, compute capability %d.%d, %u SMs; memory %s: weights %s (%s), tokenizer %s, "
         "state %s, scratch %s, work %s, io %s, host %s, threads %s%s",
         cuda.device.name, cuda.device.major, cuda.device.minor, cuda.device.processors,
         number_text_bytes(memory_plan_bytes(plan)).text, number_text_bytes(plan->weights).text,
         memory_kind_name(memory_kind(&cuda.device, "weights", model.weights_memory)),
         number_text_bytes(plan->tokenizer).text, number_text_bytes(plan->state).text,
         number_text_bytes(plan->scratch).text, number_text_bytes(plan->work).text,
         number_text_bytes(plan->io).text, number_text_bytes(plan->host).text,
         number_text_bytes(plan->threads).text, memory_note_snapshot(plan).text);
}

static void load(struct session *session, const struct session_options *options)
{
    trace_begin(TRACE_LOAD, model.weights_bytes);
    if (options->random_weights) {
        random_weights_fill(&model, cuda.memory.weights, options->random_seed,
                            cuda.launcher.stream);
        CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
        trace_end();
        return;
    }
    weights_stream(&session->weights, cuda.memory.weights, cuda.staging, cuda.device.integrated,
                   cuda.launcher.stream);
    trace_end();
}

void backend_open(struct session *session, const struct session_options *options)
{
    struct memory_reason why;
    device_open(&cuda.device);
    cuda.available = device_memory_left(&cuda.device);
    session->plan =
        backend_plan(session->weights.header.weights_at, options->host_bytes, options->threads);
    session->plan.snapshot = options->snapshot_bytes;
    const bool decided = memory_probe(&cuda.device, &cuda.run, &why);
    if (!options->quiet) {
        report(session);
        if (decided)
            note("memory 'auto' is %s", why.text);
    }
    device_memory_require(&cuda.device, &session->plan);
    CUDA_CHECK(cudaStreamCreateWithFlags(&cuda.launcher.stream, cudaStreamNonBlocking));
    CUDA_CHECK(cudaEventCreateWithFlags(&cuda.sent, cudaEventDisableTiming));
    device_memory_reserve(&cuda.memory, &cuda.device, &session->plan, cuda.launcher.stream);
    session->snapshot = cuda.memory.snapshot;
    open_exchange();
    session->io = arena_reserve("host", options->host_bytes);
    team_start(&session->pool, options->threads);
    if (!options->random_weights || options->state_files)
        cuda.staging = pinned_reserve("staging", STAGING_BYTES);
    load(session, options);
    if (cuda.staging && !options->state_files) {
        pinned_release(cuda.staging);
        cuda.staging = NULL;
    }

    open_run();
    warm_up();
    cuda.mode = options->mode;
    if (options->check) {
        cuda.mode.use = GRAPH_NONE;
        cuda_watch_open();
    }
    capture(options->variants && !options->check);
}

void backend_close(struct session *session)
{
    (void)session;
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    cuda_bench_close();
    cuda_canary_close();
    cuda_generate_close();
    for (u32 pdl = 0; pdl < 2; pdl++)
        for (u32 i = 0; i < CUDA_STEPS; i++)
            graph_destroy(&cuda.steps[pdl][i]);
    matmul_close(&cuda.matmuls);
    pinned_release(cuda.pinned);
    if (cuda.staging)
        pinned_release(cuda.staging);
    device_memory_release(&cuda.memory, &cuda.device);
    CUDA_CHECK(cudaEventDestroy(cuda.sent));
    CUDA_CHECK(cudaStreamDestroy(cuda.launcher.stream));
    memset(&cuda, 0, sizeof cuda);
}

void backend_wait(struct session *session)
{
    (void)session;
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
}

void backend_profile(bool on)
{
    CUDA_CHECK(cudaStreamSynchronize(cuda.launcher.stream));
    if (on)
        CUDA_CHECK(cudaProfilerStart());
    else
        CUDA_CHECK(cudaProfilerStop());
}

bool backend_variant(struct session *session, u32 index, char text[32])
{
    (void)session;
    if (index >= (cuda.launcher.enter ? 2 : 4))
        return false;
    cuda.mode.use = index < 2 ? GRAPH_NONE : GRAPH_STEP;
    cuda.launcher.pdl = index % 2;
    snprintf(text, 32, "%-8s %-6s", index < 2 ? "no graph" : "graph",
             index % 2 ? "PDL," : "no PDL,");
    return true;
}
