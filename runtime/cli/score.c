#include "runtime/cli/score.h"

#include <math.h>

#include "kernels/cpu/math.h"

struct score {
    const f32 *logits;
    const u32 *targets;
    double *bits;
    u32 rows;
};

/* The sum of exp(logit - most) over logits[count], in LINE_F32 partial sums whatever the width of a
 * vector. `logits` is 64-byte aligned and may be read up to the next multiple of LINE_F32. */
static double sum_exp(const f32 *logits, u32 count, f32 most)
{
    f32 lanes[LINE_F32] __attribute__((aligned(LINE_BYTES)));
    vf partial[LINE_VF] = {0};
    size_t whole = (size_t)count / LINE_F32 * LINE_F32;
    for (size_t i = 0; i < whole; i += LINE_F32)
        for (size_t part = 0; part < LINE_VF; part++)
            partial[part] += vf_exp_below(vf_load(logits + i + part * VF_LANES) - vf_splat(most));
    for (size_t part = 0; part < LINE_VF; part++)
        vf_store(lanes + part * VF_LANES, partial[part]);
    double sum = 0.0;
    for (u32 lane = 0; lane < LINE_F32; lane++)
        sum += (double)lanes[lane];
    if (whole < count) {
        for (size_t part = 0; part < LINE_VF; part++)
            vf_store(lanes + part * VF_LANES,
                     vf_exp_below(vf_load(logits + whole + part * VF_LANES) - vf_splat(most)));
        for (size_t lane = 0; lane < count - whole; lane++)
            sum += (double)lanes[lane];
    }
    return sum;
}

static void score_share(run *r, void *context)
{
    const struct score *score = context;
    u32 first, last;
    team_share(r, score->rows, &first, &last);
    for (u32 row = first; row < last; row++) {
        const f32 *logits = score->logits + (size_t)row * model.vocab_pad;
        f32 most = logits[0];
        for (u32 id = 1; id < model.vocab; id++)
            most = logits[id] > most ? logits[id] : most;
        double sum = sum_exp(logits, model.vocab, most);
        double distance = (double)most - (double)logits[score->targets[row]];
        score->bits[row] = (distance + log(sum)) * 0x1.71547652b82fep+0;
    }
}

void score_logits(struct session *session, const f32 *logits, u32 rows, const u32 *targets,
                  double *bits)
{
    struct score score = {.logits = logits, .targets = targets, .bits = bits, .rows = rows};
    team_run(&session->pool, score_share, &score);
}

void score_rows(struct session *session, u32 first, u32 rows, const u32 *targets, double *bits)
{
    score_logits(session, session_head(session, first, rows), rows, targets, bits);
}
