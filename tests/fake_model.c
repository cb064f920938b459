/* A model without kernels, for tests of the runtime: it obeys the contract of a generated model
 * (weights, state, SPMD steps, padding), and its logits are cheap and easy to foretell.
 *
 * The state is a hash of all tokens so far. The logit of id v is the gain of v (from the weights)
 * times a pseudo-random number in [0, 1) of the hash and v, plus 4 if v is the token after the last
 * one in the order of ids. So most of the probability lies on the next id, every token of the past
 * matters, and a wrong byte of weights or state shows. */
#include <string.h>

#include "kernels/cpu/team.h"
#include "runtime/engine/model.h"
#include "tests/fake_model.h"

struct weights {
    _Alignas(64) f32 gain[FAKE_VOCAB];
    _Alignas(64) f32 shift[FAKE_DIM];
};

struct state {
    uint64_t hash;
    uint64_t tokens;
    uint8_t rest[FAKE_STATE_BYTES - 16];
};

union scratch {
    f32 unused[FAKE_DIM];
};

struct io {
    struct step step;
    _Alignas(64) u32 tokens[FAKE_CHUNK];
    _Alignas(64) uint64_t hidden[FAKE_CHUNK][FAKE_DIM / 2]; /* hash, last token, then zeros */
    _Alignas(64) f32 logits[FAKE_LOGIT_ROWS][FAKE_VOCAB_PAD];
};

static uint64_t mix(uint64_t hash, uint64_t with)
{
    hash = (hash ^ with) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 29;
}

static void consume(run *r, u32 tokens)
{
    if (r->rank == 0) {
        for (u32 i = 0; i < tokens; i++) {
            u32 id = r->io->tokens[i];
            r->state->hash = mix(r->state->hash, id + 1);
            r->state->tokens++;
            r->io->hidden[i][0] = r->state->hash;
            r->io->hidden[i][1] = id;
        }
    }
    team_barrier(r);
}

static void make_logits(run *r, u32 first, u32 rows)
{
    u32 from, to;
    team_share(r, FAKE_VOCAB, &from, &to);
    for (u32 row = 0; row < rows; row++)
        for (u32 id = from; id < to; id++) {
            const uint64_t *hidden = r->io->hidden[first + row];
            f32 noise = (f32)(mix(mix(hidden[0], id), 1) >> 40) * 0x1p-24f;
            f32 next = (hidden[1] + 1) % FAKE_VOCAB == id ? 4.0f : 0.0f;
            r->io->logits[row][id] = r->weights->gain[id] * noise + next;
        }
    team_barrier(r);
}

static void decode(run *r)
{
    consume(r, 1);
    make_logits(r, 0, 1);
}

static void prefill(run *r)
{
    consume(r, r->step->tokens);
}

static void head(run *r)
{
    make_logits(r, r->step->logit_first, r->step->logit_rows);
}

static const struct model_key keys[] = {
    {"model", "model_type", "fake"},
    {"model", "vocab_size", "512"},
    {"model", "tie_word_embeddings", "true"},
    {"build", "prefill_chunk", "32"},
};
static const struct model_weight weights[] = {
    {"gain", "f32", FAKE_VOCAB, 1, 0, FAKE_VOCAB * 4, NULL, NULL},
    {"shift", "f32", FAKE_DIM, 1, FAKE_VOCAB * 4, FAKE_DIM * 4, NULL, NULL},
};
static const struct model_op ops[] = {
    {"decode", "CONSUME", "consume_1", 1, 0, 64, 4, 0},
    {"decode", "LOGITS", "logits_1x512", 1, FAKE_VOCAB * 4, FAKE_VOCAB * 4, 1024, 0},
    {"prefill", "CONSUME_CHUNK", "consume_32", 1, 0, 2048, 128, 0},
    {"head", "LOGITS_ROWS", "logits_8x512", 1, FAKE_VOCAB * 4, FAKE_VOCAB * 32, 8192, 0},
};

const struct model model = {
    .name = "fake",
    .model_type = "fake",
    .config_digest = {0x0123456789abcdef, 0xfedcba9876543210},
    .keys = keys,
    .key_count = sizeof keys / sizeof *keys,
    .vocab = FAKE_VOCAB,
    .vocab_pad = FAKE_VOCAB_PAD,
    .dim = FAKE_DIM,
    .layers = 1,
    .chunk = FAKE_CHUNK,
    .logit_rows = FAKE_LOGIT_ROWS,
    .bos = 0,
    .eos = {0},
    .eos_count = 1,
    .pad = 0,
    .parameters = FAKE_VOCAB + FAKE_DIM,
    .active = FAKE_VOCAB + FAKE_DIM,
    .read = FAKE_VOCAB,
    .weights_bytes = sizeof(struct weights),
    .state_bytes = sizeof(struct state),
    .scratch_bytes = sizeof(union scratch),
    .scratch_bound = sizeof(union scratch),
    .io_bytes = sizeof(struct io),
    .io_tokens_at = __builtin_offsetof(struct io, tokens),
    .io_hidden_at = __builtin_offsetof(struct io, hidden),
    .io_logits_at = __builtin_offsetof(struct io, logits),
    .weights = weights,
    .weight_count = sizeof weights / sizeof *weights,
    .ops = ops,
    .op_count = sizeof ops / sizeof *ops,
    .decode = decode,
    .prefill = prefill,
    .head = head,
};
