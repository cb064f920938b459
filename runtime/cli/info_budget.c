#include "runtime/cli/info_budget.h"

#include <stdio.h>
#include <stdlib.h>

#include "runtime/base/die.h"
#include "runtime/base/number_text.h"
#include "runtime/engine/session.h"

static const double BANDWIDTH_LEAST = 1e6, BANDWIDTH_MOST = 1e15;

void info_bandwidth(struct info_question *question, const char *text)
{
    const struct bandwidth *preset = budget_bandwidth(text);
    if (preset != NULL) {
        question->bandwidth = *preset;
        return;
    }
    char *end;
    const double value = strtod(text, &end);
    if (end == text || *end != '\0' || !(value >= BANDWIDTH_LEAST && value <= BANDWIDTH_MOST))
        die(EXIT_USAGE,
            "--bandwidth: '%s' is neither bytes per second, a number from %g to %g, nor one of "
            "gb10, gb10-measured, h200, h200-measured",
            text, BANDWIDTH_LEAST, BANDWIDTH_MOST);
    question->bandwidth = (struct bandwidth){"number", value, "from the command line"};
}

static struct budget model_budget(void)
{
    return (struct budget){.parameters = model.parameters,
                           .active = model.active,
                           .read = model.read,
                           .weights = model.weights_bytes,
                           .streamed = session_decode_weight_bytes(),
                           .constant = model.state_bytes - model.cache_bytes,
                           .position = model.cache_position_bytes,
                           .context = model.context,
                           .trained = model.trained,
                           .window = model.window};
}

/* The lengths to show, ascending; returns how many. */
static u32 lengths(const struct info_question *question, const struct budget *budget,
                   uint64_t length[BUDGET_CONTEXTS + 1])
{
    u32 count = 0;
    if (question->at > 0) {
        length[0] = question->at;
        return 1;
    }
    bool built = budget->context == 0; /* already among them */
    for (u32 i = 0; i < BUDGET_CONTEXTS; i++) {
        if (!built && budget->context <= budget_contexts[i]) {
            built = true;
            if (budget->context < budget_contexts[i])
                length[count++] = budget->context;
        }
        length[count++] = budget_contexts[i];
    }
    if (!built)
        length[count++] = budget->context;
    return count;
}

static void print_length(struct out *out, const struct info_question *question,
                         const struct budget *budget, uint64_t length)
{
    const double bandwidth = question->bandwidth.bytes_per_second;
    out_print(out, "  %11s%s %16s %16s", number_text_grouped(length).text,
              budget_beyond(budget, length) ? "*" : " ",
              number_text_grouped(budget_state(budget, length)).text,
              number_text_grouped(budget_step(budget, length)).text);
    if (bandwidth > 0) {
        const double seconds = budget_floor(budget, length, bandwidth);
        out_print(out, " %12.4f %12s", 1e3 * seconds, number_text_rate(1, seconds).text);
    }
    out_text(out, length == budget->context ? "  as built\n" : "\n");
}

void info_print(struct out *out, const struct info_question *question)
{
    const struct budget budget = model_budget();
    uint64_t length[BUDGET_CONTEXTS + 1];
    const u32 count = lengths(question, &budget, length);
    bool beyond = false;
    out_print(out,
              "\nparameters\n"
              "  %-12s %15s  of the checkpoint, tied tensors once\n"
              "  %-12s %15s  in the computation of one token: of experts only the chosen\n"
              "  %-12s %15s  read for one token: of an untied embedding only the one row\n",
              "all", number_text_grouped(budget.parameters).text, "active",
              number_text_grouped(budget.active).text, "read",
              number_text_grouped(budget.read).text);
    out_print(out,
              "\ntokens, bytes\n"
              "  a token leaves %s for good; state of fixed size %s\n"
              "       tokens    state and KV    decode step moves%s\n",
              number_text_grouped(budget.position).text, number_text_grouped(budget.constant).text,
              question->bandwidth.name != NULL ? "  floor, ms  tokens/s at most" : "");
    for (u32 i = 0; i < count; i++) {
        print_length(out, question, &budget, length[i]);
        beyond = beyond || budget_beyond(&budget, length[i]);
    }
    out_text(out, "  a step reads its weights, reads and writes the state of fixed size, reads the "
                  "keys\n  and values of all tokens and writes those of one\n");
    if (question->bandwidth.name != NULL)
        out_print(out, "  floor: that at %g GB/s (%s)\n",
                  question->bandwidth.bytes_per_second / 1e9, question->bandwidth.source);
    if (beyond)
        out_print(out, "  * more than the model was trained on (%s): sizes only\n",
                  number_text_grouped(budget.trained).text);
}

void info_json(struct json *json, const struct info_question *question)
{
    const struct budget budget = model_budget();
    const double bandwidth = question->bandwidth.bytes_per_second;
    uint64_t length[BUDGET_CONTEXTS + 1];
    const u32 count = lengths(question, &budget, length);
    json_open(json, "budget", '{');
    json_add_integer(json, "active_parameters", budget.active);
    json_add_integer(json, "read_parameters", budget.read);
    json_add_integer(json, "streamed_weight_bytes", budget.streamed);
    json_add_integer(json, "constant_state_bytes", budget.constant);
    json_add_integer(json, "bytes_per_position", budget.position);
    if (budget.trained > 0)
        json_add_integer(json, "trained_positions", budget.trained);
    if (question->bandwidth.name != NULL) {
        json_add_real(json, "bytes_per_second", bandwidth);
        json_add_string(json, "bandwidth", question->bandwidth.name);
    }
    json_open(json, "tokens", '[');
    for (u32 i = 0; i < count; i++) {
        json_open(json, NULL, '{');
        json_add_integer(json, "tokens", length[i]);
        json_add_bool(json, "built", length[i] == budget.context);
        json_add_bool(json, "beyond_trained", budget_beyond(&budget, length[i]));
        json_add_integer(json, "state_bytes", budget_state(&budget, length[i]));
        json_add_integer(json, "step_bytes", budget_step(&budget, length[i]));
        if (question->bandwidth.name != NULL) {
            const double seconds = budget_floor(&budget, length[i], bandwidth);
            json_add_real(json, "floor_ms", 1e3 * seconds);
            json_add_real(json, "tokens_per_second", 1 / seconds);
        }
        json_close(json, '}');
    }
    json_close(json, ']');
    json_close(json, '}');
}
