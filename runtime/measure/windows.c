#include "runtime/measure/windows.h"

#include <stdio.h>

#include "runtime/base/number_text.h"

uint64_t windows_scored(const struct windows *windows, uint64_t tokens)
{
    const uint64_t window = windows->window, stride = windows->stride;
    if (tokens == 0)
        return 0;
    if (windows->kind == WINDOWS_HALVES)
        return tokens / window * (window - window / 2 - 1);
    if (windows->kind == WINDOWS_NONE || tokens <= window)
        return tokens - 1;
    /* Without an overlap the first token of every piece is lost, not only that of the text. */
    return tokens - (stride < window ? 1 : (tokens + window - 1) / window);
}

struct windows_text windows_describe(const struct windows *windows)
{
    struct windows_text said = {"one pass"};
    const struct number_text window = number_text_grouped(windows->window);
    if (windows->kind == WINDOWS_STRIDED)
        snprintf(said.text, sizeof said.text, "windows of %s tokens, stride %s", window.text,
                 number_text_grouped(windows->stride).text);
    if (windows->kind == WINDOWS_HALVES)
        snprintf(said.text, sizeof said.text,
                 "chunks of %s tokens, the second half of each scored, as llama.cpp does",
                 window.text);
    return said;
}
