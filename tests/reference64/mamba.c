/* Mamba and Mamba-2. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference64/parts.h"

void mamba64_open(struct mamba64 *s)
{
    s->window = room64((s->taps - 1) * s->inner);
    s->state = room64(s->inner * s->states);
}

void mamba64_close(struct mamba64 *s)
{
    free(s->window);
    free(s->state);
}

/* Moves the states of one channel on by dt; returns its output. */
static double scan(struct mamba64 *s, uint64_t channel, double dt, const double *a_log,
                   const double *b, const double *c, double x)
{
    double y = 0;
    for (uint64_t n = 0; n < s->states; n++) {
        double *state = &s->state[channel * s->states + n];
        const double a = -exp(a_log[channel * s->states + n]);
        *state = exp(dt * a) * *state + dt * b[n] * x;
        y += *state * c[n];
    }
    return y;
}

void mamba64_step(struct model64 *m, struct mamba64 *s, const double *u, double *out)
{
    const uint64_t I = s->inner, N = s->states, R = s->rank;
    double *xz = room64(2 * I), *chosen = room64(R + 2 * N), *dt = room64(I);
    char name[NAME64];
    name64(name, "%sin_proj", s->prefix);
    linear64(m, name, 2 * I, s->width, u, xz);
    name64(name, "%sconv1d", s->prefix);
    conv64(m, name, I, s->taps, s->window, xz);
    name64(name, "%sx_proj", s->prefix);
    linear64(m, name, R + 2 * N, I, xz, chosen);
    if (s->norms) {
        name64(name, "%sdt_layernorm", s->prefix);
        rmsnorm64(m, name, R, s->epsilon, chosen, chosen);
        name64(name, "%sb_layernorm", s->prefix);
        rmsnorm64(m, name, N, s->epsilon, chosen + R, chosen + R);
        name64(name, "%sc_layernorm", s->prefix);
        rmsnorm64(m, name, N, s->epsilon, chosen + R + N, chosen + R + N);
    }
    name64(name, "%sdt_proj", s->prefix);
    linear64(m, name, I, R, chosen, dt);
    name64(name, "%sA_log", s->prefix);
    const double *a_log = tensor64(m, name, I, N);
    name64(name, "%sD", s->prefix);
    const double *skip = tensor64(m, name, I, 1);
    for (uint64_t i = 0; i < I; i++) {
        const double x = xz[i];
        const double y =
            scan(s, i, softplus64(dt[i]), a_log, chosen + R, chosen + R + N, x) + skip[i] * x;
        xz[i] = y * silu64(xz[I + i]);
    }
    name64(name, "%sout_proj", s->prefix);
    linear64(m, name, s->width, I, xz, out);
    free(xz);
    free(chosen);
    free(dt);
}

/* ---- Mamba-2 --------------------------------------------------------------------------------- */
struct mamba2 {
    const char *prefix;
    uint64_t width, inner, states, taps, heads, head_dim, groups;
    double low, high, epsilon;
    double *window, *state; /* [taps - 1][inner + 2 groups states], [heads][head_dim][states] */
};

/* One head: x[head_dim] is replaced by its output. */
static void head_step(const struct mamba2 *s, uint64_t head, double dt, double a, double skip,
                      const double *b, const double *c, double *x)
{
    for (uint64_t p = 0; p < s->head_dim; p++) {
        double *state = s->state + (head * s->head_dim + p) * s->states, y = 0;
        for (uint64_t n = 0; n < s->states; n++) {
            state[n] = exp(dt * a) * state[n] + dt * b[n] * x[p];
            y += state[n] * c[n];
        }
        x[p] = y + skip * x[p];
    }
}

/* y <- y * silu(z), then normalised over each group's part of the width. */
static void gated_norm(struct model64 *m, const struct mamba2 *s, const double *z, double *y)
{
    char name[NAME64];
    name64(name, "%snorm.weight", s->prefix);
    const double *weight = tensor64(m, name, s->inner, 1);
    const uint64_t part = s->inner / s->groups;
    for (uint64_t g = 0; g < s->groups; g++) {
        double squares = 0;
        for (uint64_t i = g * part; i < (g + 1) * part; i++) {
            y[i] *= silu64(z[i]);
            squares += y[i] * y[i];
        }
        for (uint64_t i = g * part; i < (g + 1) * part; i++)
            y[i] *= weight[i] / sqrt(squares / (double)part + s->epsilon);
    }
}

static void mamba2_step(struct model64 *m, struct mamba2 *s, const double *u, double *out)
{
    const uint64_t I = s->inner, N = s->states, B = s->groups * N, rows = 2 * I + 2 * B + s->heads;
    double *zxbcdt = room64(rows), *x = zxbcdt + I, *dt = x + I + 2 * B;
    char name[NAME64];
    name64(name, "%sin_proj", s->prefix);
    linear64(m, name, rows, s->width, u, zxbcdt);
    name64(name, "%sconv1d", s->prefix);
    conv64(m, name, I + 2 * B, s->taps, s->window, x);
    name64(name, "%sdt_bias", s->prefix);
    const double *dt_bias = tensor64(m, name, s->heads, 1);
    name64(name, "%sA_log", s->prefix);
    const double *a_log = tensor64(m, name, s->heads, 1);
    name64(name, "%sD", s->prefix);
    const double *skip = tensor64(m, name, s->heads, 1);
    for (uint64_t h = 0; h < s->heads; h++) {
        const uint64_t g = h / (s->heads / s->groups);
        const double step = fmin(fmax(softplus64(dt[h] + dt_bias[h]), s->low), s->high);
        head_step(s, h, step, -exp(a_log[h]), skip[h], x + I + g * N, x + I + B + g * N,
                  x + h * s->head_dim);
    }
    gated_norm(m, s, zxbcdt, x);
    name64(name, "%sout_proj", s->prefix);
    linear64(m, name, s->width, I, x, out);
    free(zxbcdt);
}

/* A limit of the time step; infinity may be a word. */
static double limit(const struct model64 *m, size_t which)
{
    const json_t *value = json_array_get(json_object_get(m->config, "time_step_limit"), which);
    return json_is_number(value) ? json_number_value(value) : (double)INFINITY;
}

/* ---- the family ------------------------------------------------------------------------------ */
union mixer {
    struct mamba64 first;
    struct mamba2 second;
};

static void open_mixer(const struct model64 *m, bool second, const char *prefix, union mixer *mixer)
{
    const uint64_t width = count64(m, "hidden_size");
    const uint64_t inner = has64(m, "intermediate_size")
                               ? count64(m, "intermediate_size")
                               : (uint64_t)(real64(m, "expand") * (double)width);
    const uint64_t states = count64(m, "state_size"), taps = count64(m, "conv_kernel");
    if (!second) {
        mixer->first = (struct mamba64){.prefix = prefix,
                                        .width = width,
                                        .inner = inner,
                                        .states = states,
                                        .taps = taps,
                                        .rank = count64(m, "time_step_rank")};
        mamba64_open(&mixer->first);
        return;
    }
    mixer->second = (struct mamba2){.prefix = prefix,
                                    .width = width,
                                    .inner = inner,
                                    .states = states,
                                    .taps = taps,
                                    .heads = count64(m, "num_heads"),
                                    .head_dim = count64(m, "head_dim"),
                                    .groups = count64(m, "n_groups"),
                                    .low = limit(m, 0),
                                    .high = limit(m, 1),
                                    .epsilon = real64(m, "layer_norm_epsilon")};
    mixer->second.window = room64((taps - 1) * (inner + 2 * mixer->second.groups * states));
    mixer->second.state = room64(inner * states);
}

static void close_mixer(bool second, union mixer *mixer)
{
    if (!second) {
        mamba64_close(&mixer->first);
        return;
    }
    free(mixer->second.window);
    free(mixer->second.state);
}

void mamba_family64(struct model64 *m, const uint32_t *ids, size_t count, double *logits)
{
    const bool second = strcmp(word64(m, "model_type"), "mamba2") == 0;
    const bool tied = !has64(m, "tie_word_embeddings") || flag64(m, "tie_word_embeddings");
    const uint64_t width = count64(m, "hidden_size"), vocab = model64_vocab(m);
    const uint64_t layers = count64(m, "num_hidden_layers");
    const double epsilon = real64(m, "layer_norm_epsilon");
    const double *table = tensor64(m, "backbone.embeddings.weight", vocab, width);
    const double *head = tied ? table : tensor64(m, "lm_head.weight", vocab, width);
    char(*prefix)[NAME64] = calloc(layers, sizeof *prefix), norm[NAME64];
    union mixer *mixer = calloc(layers, sizeof *mixer);
    if (prefix == NULL || mixer == NULL)
        fail64(m, "no memory");
    double *x = room64(width), *u = room64(width), *y = room64(width);
    for (uint64_t i = 0; i < layers; i++) {
        name64(prefix[i], "backbone.layers.%u.mixer.", (unsigned)i);
        open_mixer(m, second, prefix[i], &mixer[i]);
    }
    for (size_t at = 0; at < count; at++) {
        memcpy(x, table + ids[at] * width, width * sizeof *x);
        for (uint64_t i = 0; i < layers; i++) {
            name64(norm, "backbone.layers.%u.norm", (unsigned)i);
            rmsnorm64(m, norm, width, epsilon, x, u);
            if (second)
                mamba2_step(m, &mixer[i].second, u, y);
            else
                mamba64_step(m, &mixer[i].first, u, y);
            for (uint64_t d = 0; d < width; d++)
                x[d] += y[d];
        }
        rmsnorm64(m, "backbone.norm_f", width, epsilon, x, x);
        for (uint64_t v = 0; v < vocab; v++)
            for (uint64_t d = 0; d < width; d++)
                logits[at * vocab + v] += head[v * width + d] * x[d];
    }
    for (uint64_t i = 0; i < layers; i++)
        close_mixer(second, &mixer[i]);
    free(prefix);
    free(mixer);
    free(x);
    free(u);
    free(y);
}
