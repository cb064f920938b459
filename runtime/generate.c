#include "runtime/generate.h"

#include "runtime/interrupt.h"
#include "runtime/tokenizer.h"

uint64_t generate_host_bytes(void)
{
    return arena_rounded(sample_bytes(model.vocab));
}

void generate_open(struct generator *generator, struct session *session, struct out *out,
                   const struct generate_options *options)
{
    generator->session = session;
    generator->out = out;
    generator->options = *options;
    u32 known = tokenizer_rows(session->tokenizer); /* at most model.vocab: session_open() */
    sample_open(&generator->sampler, &options->sample, known,
                arena_take(&session->io, generate_host_bytes()));
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
    const struct generate_options *options = &generator->options;
    struct generation made = {0};
    struct tokenizer_decoder decoder;
    tokenizer_decode_begin(&decoder, false);
    uint8_t last = '\0';
    double start = session_seconds();
    while (options->tokens < 0 || made.tokens < (uint64_t)options->tokens) {
        u32 id = sample_next(&generator->sampler, logits, session->position);
        if (id == model.eos && !options->ignore_eos)
            break;
        print_token(generator, &decoder, id, &last);
        made.tokens++;
        if (interrupt_asked() || generator->out->closed)
            break;
        if (made.tokens == (uint64_t)options->tokens)
            break;
        logits = session_decode(session, id);
        made.steps++;
    }
    made.seconds = session_seconds() - start;
    uint8_t rest[3];
    uint64_t held = tokenizer_decode_end(&decoder, rest);
    out_write(generator->out, rest, held);
    made.ended = held == 0 && last == '\n';
    return made;
}
