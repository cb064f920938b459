/* Products, norms, activations, attention and experts. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/reference64/parts.h"

static double dot(const double *a, const double *b, uint64_t count)
{
    double sum = 0;
    for (uint64_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

void linear64(struct model64 *m, const char *prefix, uint64_t rows, uint64_t cols, const double *x,
              double *y)
{
    char name[NAME64];
    name64(name, "%s.weight", prefix);
    const double *w = tensor64(m, name, rows, cols);
    name64(name, "%s.bias", prefix);
    const double *bias = maybe64(m, name, rows, 1);
    for (uint64_t i = 0; i < rows; i++)
        y[i] = dot(w + i * cols, x, cols) + (bias != NULL ? bias[i] : 0);
}

void rmsnorm64(struct model64 *m, const char *prefix, uint64_t size, double epsilon,
               const double *x, double *y)
{
    char name[NAME64];
    name64(name, "%s.weight", prefix);
    const double *weight = tensor64(m, name, size, 1);
    const double scale = sqrt(dot(x, x, size) / (double)size + epsilon);
    for (uint64_t i = 0; i < size; i++)
        y[i] = weight[i] * x[i] / scale;
}

void layernorm64(struct model64 *m, const char *prefix, uint64_t size, double epsilon,
                 const double *x, double *y)
{
    char name[NAME64];
    name64(name, "%s.weight", prefix);
    const double *weight = tensor64(m, name, size, 1);
    name64(name, "%s.bias", prefix);
    const double *bias = tensor64(m, name, size, 1);
    double mean = 0, variance = 0;
    for (uint64_t i = 0; i < size; i++)
        mean += x[i] / (double)size;
    for (uint64_t i = 0; i < size; i++)
        variance += (x[i] - mean) * (x[i] - mean) / (double)size;
    for (uint64_t i = 0; i < size; i++)
        y[i] = weight[i] * (x[i] - mean) / sqrt(variance + epsilon) + bias[i];
}

double silu64(double x)
{
    return x / (1 + exp(-x));
}

double gelu_new64(double x)
{
    return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
}

double softplus64(double x)
{
    return x > 20 ? x : log1p(exp(x));
}

void softmax64(double *x, uint64_t count)
{
    double most = -(double)INFINITY, sum = 0;
    for (uint64_t i = 0; i < count; i++)
        most = fmax(most, x[i]);
    for (uint64_t i = 0; i < count; i++)
        sum += x[i] = exp(x[i] - most);
    for (uint64_t i = 0; i < count; i++)
        x[i] /= sum;
}

void conv64(struct model64 *m, const char *prefix, uint64_t channels, uint64_t taps, double *window,
            double *x)
{
    char name[NAME64];
    name64(name, "%s.weight", prefix);
    const double *weight = tensor64(m, name, channels, taps);
    name64(name, "%s.bias", prefix);
    const double *bias = maybe64(m, name, channels, 1);
    for (uint64_t c = 0; c < channels; c++) {
        double sum = weight[c * taps + taps - 1] * x[c] + (bias != NULL ? bias[c] : 0);
        for (uint64_t j = 0; j + 1 < taps; j++)
            sum += weight[c * taps + j] * window[j * channels + c];
        for (uint64_t j = 0; j + 2 < taps; j++)
            window[j * channels + c] = window[(j + 1) * channels + c];
        if (taps > 1)
            window[(taps - 2) * channels + c] = x[c];
        x[c] = silu64(sum);
    }
}

/* ---- attention ------------------------------------------------------------------------------- */
void attention64_open(const struct model64 *m, struct attention64 *a)
{
    a->keys = room64(m->tokens * a->kv_heads * a->head_dim);
    a->values = room64(m->tokens * a->kv_heads * a->head_dim);
    a->seen = 0;
}

void attention64_close(struct attention64 *a)
{
    free(a->keys);
    free(a->values);
}

/* Turns the pairs (j, j + rotary / 2) of a head by position * theta^(-2 j / rotary). */
static void rotate(const struct attention64 *a, double *head)
{
    const uint64_t half = a->rotary / 2;
    for (uint64_t j = 0; j < half; j++) {
        const double angle = (double)a->seen * pow(a->theta, -2.0 * (double)j / (double)a->rotary);
        const double x = head[j], y = head[j + half];
        head[j] = x * cos(angle) - y * sin(angle);
        head[j + half] = y * cos(angle) + x * sin(angle);
    }
}

/* out[head_dim] <- what one query sees of the head g of keys and values. */
static void attend(const struct attention64 *a, const double *query, uint64_t g, double *out)
{
    const uint64_t size = a->head_dim, step = a->kv_heads * size, last = a->seen;
    const uint64_t first = a->window > 0 && last + 1 > a->window ? last + 1 - a->window : 0;
    double *score = room64(last + 1 - first);
    for (uint64_t i = first; i <= last; i++)
        score[i - first] = dot(query, a->keys + i * step + g * size, size) / sqrt((double)size);
    softmax64(score, last + 1 - first);
    memset(out, 0, size * sizeof *out);
    for (uint64_t i = first; i <= last; i++)
        for (uint64_t d = 0; d < size; d++)
            out[d] += score[i - first] * a->values[i * step + g * size + d];
    free(score);
}

void attention64_step(struct model64 *m, struct attention64 *a, const double *u, double *out)
{
    const uint64_t size = a->head_dim, step = a->kv_heads * size;
    double *q = room64(a->heads * size), *seen = room64(a->heads * size);
    double *key = a->keys + a->seen * step, *value = a->values + a->seen * step;
    linear64(m, a->q, a->heads * size, a->width, u, q);
    linear64(m, a->k, step, a->width, u, key);
    linear64(m, a->v, step, a->width, u, value);
    for (uint64_t h = 0; h < a->heads; h++)
        rotate(a, q + h * size);
    for (uint64_t h = 0; h < a->kv_heads; h++)
        rotate(a, key + h * size);
    for (uint64_t h = 0; h < a->heads; h++)
        attend(a, q + h * size, h * a->kv_heads / a->heads, seen + h * size);
    linear64(m, a->o, a->width, a->heads * size, seen, out);
    a->seen++;
    free(q);
    free(seen);
}

/* ---- feed forward ---------------------------------------------------------------------------- */
void swiglu64(struct model64 *m, const char *gate, const char *up, const char *down, uint64_t width,
              uint64_t inner, const double *u, double *out)
{
    double *g = room64(inner), *h = room64(inner);
    linear64(m, gate, inner, width, u, g);
    linear64(m, up, inner, width, u, h);
    for (uint64_t i = 0; i < inner; i++)
        h[i] *= silu64(g[i]);
    linear64(m, down, width, inner, h, out);
    free(g);
    free(h);
}

/* The most probable expert that is not chosen yet; `experts`: all are. */
static uint64_t best_left(const double *chance, const bool *chosen, uint64_t experts)
{
    uint64_t best = experts;
    for (uint64_t e = 0; e < experts; e++)
        if (!chosen[e] && (best == experts || chance[e] > chance[best]))
            best = e;
    return best;
}

/* out += weight * expert(u); computed for a weight of 0, too, so that no tensor may be wrong. */
static void add_expert(struct model64 *m, const struct experts64 *e, uint64_t number, double weight,
                       const double *u, double *out)
{
    char gate[NAME64], up[NAME64], down[NAME64];
    double *y = room64(e->width);
    name64(gate, "%s%u.%s", e->expert, (unsigned)number, e->gate);
    name64(up, "%s%u.%s", e->expert, (unsigned)number, e->up);
    name64(down, "%s%u.%s", e->expert, (unsigned)number, e->down);
    swiglu64(m, gate, up, down, e->width, e->inner, u, y);
    for (uint64_t i = 0; i < e->width && weight > 0; i++)
        out[i] += weight * y[i];
    free(y);
}

void experts64(struct model64 *m, const struct experts64 *e, const double *u, double *out)
{
    double *logit = room64(e->experts), *chance = room64(e->experts), sum = 0;
    bool *chosen = calloc(e->experts, sizeof *chosen);
    uint64_t last = 0;
    if (chosen == NULL)
        fail64(m, "no memory");
    linear64(m, e->router, e->experts, e->width, u, logit);
    memcpy(chance, logit, e->experts * sizeof *chance);
    softmax64(chance, e->experts);
    for (uint64_t k = 0; k < e->chosen; k++) {
        last = best_left(logit, chosen, e->experts);
        chosen[last] = true;
        sum += chance[last];
    }
    const uint64_t next = best_left(logit, chosen, e->experts);
    if (next < e->experts)
        m->gap = fmin(m->gap, logit[last] - logit[next]);
    memset(out, 0, e->width * sizeof *out);
    for (uint64_t i = 0; i < e->experts; i++)
        add_expert(m, e, i, !chosen[i] ? 0 : e->renormalised ? chance[i] / sum : chance[i], u, out);
    free(logit);
    free(chance);
    free(chosen);
}
