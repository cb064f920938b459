/* Streams and events of the fake CUDA runtime. A stream is a queue. Nothing in it executes when it
 * is put there, but when the host waits for it, or, a few steps at a time, when the host asks
 * whether it is done. Time is counted in steps, one microsecond each; kernels take longer. */
#include <string.h>

#include "tests/simt/fake_cuda_inner.h"

static struct CUstream_st default_stream;
static cudaStream_t streams;
static cudaEvent_t events;
static uint64_t clock_us;

cudaStream_t fake_stream(cudaStream_t stream)
{
    if (!stream || stream == cudaStreamLegacy)
        return &default_stream;
    for (cudaStream_t s = streams; s; s = s->next)
        if (s == stream)
            return s;
    return nullptr;
}

cudaStream_t fake_capturing(cudaStream_t previous)
{
    for (cudaStream_t s = previous ? previous->next : streams; s; s = s->next)
        if (s->capturing)
            return s;
    return nullptr;
}

static bool event_known(cudaEvent_t event)
{
    for (cudaEvent_t e = events; e; e = e->next)
        if (e == event)
            return true;
    return false;
}

void fake_time_pass(uint64_t us)
{
    clock_us += us;
}

/* ---- execution
 * ----------------------------------------------------------------------------------- */

static void advance(cudaStream_t stream);

static uint64_t head_serial(cudaStream_t stream)
{
    if (!stream->first)
        return UINT64_MAX;
    return stream->first->serial;
}

/* Whether the default stream and a stream wait for each other. */
static bool blocking(cudaStream_t stream)
{
    return !(stream->flags & cudaStreamNonBlocking);
}

/* What was queued before `serial` in the streams that the default stream stands between. */
static void advance_before(cudaStream_t stream, uint64_t serial)
{
    if (stream == &default_stream) {
        for (cudaStream_t s = streams; s; s = s->next)
            while (blocking(s) && head_serial(s) < serial)
                advance(s);
    } else if (blocking(stream)) {
        while (head_serial(&default_stream) < serial)
            advance(&default_stream);
    }
}

static void begin(cudaStream_t stream, const struct queued *head)
{
    const struct work *work = &head->work;
    switch (work->kind) {
    case WORK_RECORD:
        if (event_known(work->event.event)) {
            work->event.event->done = work->event.serial;
            work->event.event->time_us = clock_us;
        }
        break;
    case WORK_WAIT: {
        cudaEvent_t event = work->event.event;
        while (event_known(event) && event->done < work->event.serial && event->stream != stream)
            advance(event->stream);
        break;
    }
    case WORK_GRAPH:
        if (!fake_exec_known(work->exec)) {
            fake_found("a graph was destroyed while a launch of it was queued");
            break;
        }
        for (cudaStream_t s = streams; s; s = s->next)
            while (s->running == work->exec) /* launches of one graph do not overlap */
                advance(s);
        stream->running = work->exec;
        fake_conditions_start(work->exec->graph);
        fake_frame_push(stream, work->exec->graph, nullptr);
        return; /* stays the head until its last node */
    default:
        fake_execute(work, false);
    }
}

/* One step of what is at the head of the stream. Memory is open. */
static void advance(cudaStream_t stream)
{
    struct queued *head = stream->first;
    if (!stream->depth && head)
        advance_before(stream, head->serial);
    if (!head)
        return;
    clock_us++;
    if (stream->depth)
        fake_frame_step(stream);
    else
        begin(stream, head);
    if (stream->depth)
        return;
    if (stream->running) {
        stream->running->queued--;
        stream->running = nullptr;
    }
    stream->first = head->next;
    if (!stream->first)
        stream->last = nullptr;
    fake_drop(head, sizeof *head);
}

void fake_drain(cudaStream_t stream)
{
    fake_memory_open();
    if (stream == &default_stream) /* stands behind all that the blocking streams have */
        advance_before(stream, UINT64_MAX);
    while (stream->first)
        advance(stream);
    fake_memory_close();
}

void fake_drain_all(bool blocking_only)
{
    for (cudaStream_t s = streams; s; s = s->next)
        if (!blocking_only || blocking(s))
            fake_drain(s);
    fake_drain(&default_stream);
}

cudaError_t fake_submit(cudaStream_t stream, const struct work *work)
{
    cudaStream_t s = fake_stream(stream);
    if (!s)
        return cudaErrorInvalidResourceHandle;
    if (s->capturing)
        return fake_capture_add(s, work);
    for (cudaStream_t c = fake_capturing(nullptr); c; c = fake_capturing(c))
        if (s == &default_stream && blocking(c))
            return fake_capture_break(c, cudaErrorStreamCaptureImplicit);
    struct queued *item = (struct queued *)fake_keep(sizeof *item);
    item->work = *work;
    item->serial = fake_serial();
    if (s->last)
        s->last->next = item;
    else
        s->first = item;
    s->last = item;
    if (work->kind == WORK_GRAPH)
        work->exec->queued++;
    return cudaSuccess;
}

/* ---- streams
 * ------------------------------------------------------------------------------------- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned int flags)
{
    ENTER(CALL_ALLOCATES);
    if (!stream || flags & ~(unsigned int)cudaStreamNonBlocking)
        return fake_result(cudaErrorInvalidValue);
    cudaStream_t s = (cudaStream_t)fake_keep(sizeof *s);
    s->flags = flags;
    s->serial = fake_serial();
    s->next = streams;
    *stream = streams = s;
    return cudaSuccess;
}

cudaError_t cudaStreamCreate(cudaStream_t *stream)
{
    ENTER(0);
    return cudaStreamCreateWithFlags(stream, cudaStreamDefault);
}

cudaError_t cudaStreamCreateWithPriority(cudaStream_t *stream, unsigned int flags, int priority)
{
    (void)priority;
    ENTER(0);
    return cudaStreamCreateWithFlags(stream, flags);
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    ENTER(0);
    for (cudaStream_t *link = &streams; *link; link = &(*link)->next) {
        if (*link != stream)
            continue;
        if (stream->capturing)
            return fake_result(fake_capture_break(stream, cudaErrorStreamCaptureUnsupported));
        fake_drain(stream);
        *link = stream->next;
        fake_drop(stream, sizeof *stream);
        return cudaSuccess;
    }
    return fake_result(cudaErrorInvalidResourceHandle);
}

/* A stream that may be waited for, or the error of the call. */
static cudaError_t waitable(cudaStream_t stream)
{
    if (!stream)
        return cudaErrorInvalidResourceHandle;
    if (stream->capturing)
        return fake_capture_break(stream, cudaErrorStreamCaptureUnsupported);
    for (cudaStream_t c = fake_capturing(nullptr); c; c = fake_capturing(c))
        if (stream == &default_stream && blocking(c))
            return fake_capture_break(c, cudaErrorStreamCaptureImplicit);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    cudaError_t error = waitable(s);
    if (error != cudaSuccess)
        return fake_result(error);
    fake_drain(s);
    return fake_result(fake_fault_now());
}

/* Gets 0 to 3 steps further. */
cudaError_t cudaStreamQuery(cudaStream_t stream)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    cudaError_t error = waitable(s);
    if (error != cudaSuccess)
        return fake_result(error);
    fake_memory_open();
    for (uint64_t steps = fake_random(4); steps && s->first; steps--)
        advance(s);
    fake_memory_close();
    if (fake_fault_now() != cudaSuccess)
        return fake_result(fake_fault_now());
    return fake_result(s->first ? cudaErrorNotReady : cudaSuccess);
}

cudaError_t cudaDeviceSynchronize(void)
{
    ENTER(CALL_WAITS);
    fake_drain_all(false);
    return fake_result(fake_fault_now());
}

/* ---- events
 * -------------------------------------------------------------------------------------- */

cudaError_t cudaEventCreateWithFlags(cudaEvent_t *event, unsigned int flags)
{
    ENTER(CALL_ALLOCATES);
    if (!event)
        return fake_result(cudaErrorInvalidValue);
    cudaEvent_t e = (cudaEvent_t)fake_keep(sizeof *e);
    e->flags = flags;
    e->serial = fake_serial();
    e->next = events;
    *event = events = e;
    return cudaSuccess;
}

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    ENTER(0);
    return cudaEventCreateWithFlags(event, cudaEventDefault);
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    ENTER(0);
    for (cudaEvent_t *link = &events; *link; link = &(*link)->next) {
        if (*link != event)
            continue;
        *link = event->next;
        fake_drop(event, sizeof *event);
        return cudaSuccess;
    }
    return fake_result(cudaErrorInvalidResourceHandle);
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!event_known(event) || !s)
        return fake_result(cudaErrorInvalidResourceHandle);
    struct work work = {};
    work.kind = WORK_RECORD;
    work.name = "record";
    work.event.event = event;
    work.event.serial = fake_serial();
    cudaError_t error = fake_submit(s, &work);
    if (error == cudaSuccess) {
        event->recorded = work.event.serial;
        event->stream = s;
    }
    return fake_result(error);
}

cudaError_t cudaEventRecordWithFlags(cudaEvent_t event, cudaStream_t stream, unsigned int flags)
{
    ENTER(0);
    if (flags)
        return fake_result(cudaErrorNotSupported);
    return cudaEventRecord(event, stream);
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned int flags)
{
    ENTER(0);
    cudaStream_t s = fake_stream(stream);
    if (!s || !event_known(event))
        return fake_result(cudaErrorInvalidResourceHandle);
    if (flags)
        return fake_result(cudaErrorNotSupported);
    if (!event->recorded || !fake_stream(event->stream))
        return cudaSuccess;
    if (s->capturing)
        return fake_result(fake_capture_break(s, cudaErrorStreamCaptureIsolation));
    struct work work = {};
    work.kind = WORK_WAIT;
    work.name = "wait";
    work.event.event = event;
    work.event.serial = event->recorded;
    return fake_result(fake_submit(s, &work));
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    ENTER(CALL_UNSAFE);
    if (!event_known(event))
        return fake_result(cudaErrorInvalidResourceHandle);
    fake_memory_open();
    while (event->done < event->recorded && event->stream->first)
        advance(event->stream);
    fake_memory_close();
    return fake_result(fake_fault_now());
}

cudaError_t cudaEventQuery(cudaEvent_t event)
{
    ENTER(CALL_UNSAFE);
    if (!event_known(event))
        return fake_result(cudaErrorInvalidResourceHandle);
    fake_memory_open();
    for (uint64_t steps = fake_random(4); steps && event->done < event->recorded; steps--)
        advance(event->stream);
    fake_memory_close();
    if (fake_fault_now() != cudaSuccess)
        return fake_result(fake_fault_now());
    return fake_result(event->done < event->recorded ? cudaErrorNotReady : cudaSuccess);
}

cudaError_t cudaEventElapsedTime(float *ms, cudaEvent_t start, cudaEvent_t end)
{
    ENTER(CALL_UNSAFE);
    if (!ms || !event_known(start) || !event_known(end) || !start->recorded || !end->recorded ||
        ((start->flags | end->flags) & cudaEventDisableTiming))
        return fake_result(cudaErrorInvalidResourceHandle);
    if (start->done < start->recorded || end->done < end->recorded)
        return fake_result(cudaErrorNotReady);
    *ms = (float)((double)end->time_us - (double)start->time_us) / 1000.0f;
    return cudaSuccess;
}

void fake_stream_reset(void)
{
    streams = nullptr;
    events = nullptr;
    clock_us = 0;
    memset(&default_stream, 0, sizeof default_stream);
}

uint64_t fake_stream_leaks(FILE *out)
{
    uint64_t count = 0;
    for (cudaStream_t s = streams; s; s = s->next, count++)
        if (out)
            fprintf(out, "leak stream\n");
    for (cudaEvent_t e = events; e; e = e->next, count++)
        if (out)
            fprintf(out, "leak event\n");
    return count;
}
