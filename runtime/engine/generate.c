#include "runtime/engine/generate.h"

#include "runtime/base/interrupt.h"
#include "runtime/tokenizer/tokenizer.h"

void generate_open(struct generator *generator, struct session *session, struct out *out,
                   const struct generate_options *options)
{
    generator->session = session;
    generator->out = out;
    generator->limit = options->tokens < 0 ? UINT64_MAX : (uint64_t)options->tokens;
    generator->fill = options->tokens == -2 && model.context > 0;
    struct generation_options how = {
        .sample = options->sample,
        .vocab = tokenizer_rows(session->tokenizer), /* at most model.vocab: session_open() */
        .eos = !options->ignore_eos,
        .limit = generator->limit,
    };
    backend_generate_open(session, &how);
}

/* Prints what the token completes. Returns how many bytes; *last receives the last of them. */
static uint64_t print_token(struct generator *generator, struct tokenizer_decoder *decoder, u32 id,
                            uint8_t *last)
{
    const struct tokenizer *tokenizer = generator->session->tokenizer;
    uint8_t *text = out_room(generator->out, tokenizer_decode_bytes(tokenizer));
    uint64_t bytes = 0;
    tokenizer_decode_one(tokenizer, decoder, id, text, &bytes);
    if (bytes > 0)
        *last = text[bytes - 1];
    out_filled(generator->out, bytes);
    out_flush(generator->out);
    return bytes;
}

struct generation generate(struct generator *generator, const f32 *logits)
{
    struct session *session = generator->session;
    struct generation made = {0};
    if (generator->limit == 0)
        return made;
    uint64_t limit = generator->limit;
    if (generator->fill) /* the last one is not consumed any more */
        limit = model.context - session->position + 1;
    struct tokenizer_decoder decoder;
    tokenizer_decode_begin(&decoder, false, false);
    uint8_t last = '\0';
    bool wanted = true;
    double start = session_seconds();
    backend_generate_begin(session, logits);
    for (u32 id; wanted && backend_generate_next(session, &id);) {
        print_token(generator, &decoder, id, &last);
        made.tokens++;
        wanted = made.tokens < limit && !interrupt_asked() && !generator->out->closed;
    }
    made.seconds = session_seconds() - start;
    made.steps = made.tokens - (wanted ? 0 : 1);
    backend_generate_end(session);
    uint8_t rest[TOKENIZER_DECODE_END];
    uint64_t held = tokenizer_decode_end(session->tokenizer, &decoder, rest);
    out_write(generator->out, rest, held);
    made.ended = held == 0 && last == '\n';
    return made;
}
