/* Generation on the CPU: a token is chosen when it is asked for, from the logits of the step
 * before.
 */
#include "runtime/engine/backend.h"

#include "runtime/base/clock.h"
#include "runtime/engine/session.h"

static struct {
    struct sampler sampler;
    bool eos;
    const f32 *logits; /* to choose from; NULL: `last` has to be consumed before */
    u32 last;
} sampling;

uint64_t backend_generate_bytes(void)
{
    return arena_rounded(sample_bytes(model.vocab));
}

struct graph_mode backend_generate_mode(void)
{
    return (struct graph_mode){.use = GRAPH_NONE, .no_pdl = true};
}

void backend_generate_open(struct session *session, const struct generation_options *options)
{
    sampling.eos = options->eos;
    sample_open(&sampling.sampler, &options->sample, options->vocab,
                arena_take(&session->io, backend_generate_bytes()));
}

void backend_generate_begin(struct session *session, const f32 *logits)
{
    (void)session;
    sampling.logits = logits;
}

static bool is_eos(u32 id)
{
    for (u32 i = 0; i < model.eos_count; i++)
        if (model.eos[i] == id)
            return true;
    return false;
}

bool backend_generate_next(struct session *session, u32 *id)
{
    const f32 *logits = sampling.logits ? sampling.logits : session_decode(session, sampling.last);
    *id = sampling.last = sample_next(&sampling.sampler, logits, session->position);
    sampling.logits = NULL;
    return !(sampling.eos && is_eos(*id));
}

uint64_t backend_token_time(void)
{
    return clock_now();
}

void backend_generate_end(struct session *session)
{
    (void)session;
}
