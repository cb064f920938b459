/* The text that a command line asks to continue or read, looked at before anything is loaded. */
#ifndef RUNTIME_CLI_PROMPT_H
#define RUNTIME_CLI_PROMPT_H

#include "runtime/cli/options.h"
#include "runtime/cli/text.h"

/* Replaces \n \r \t \\ \' \" and \xHH in text[strlen(text)] by what they stand for, as llama.cpp
 * does; any other backslash stays. Returns how many bytes are left, in place. */
size_t prompt_unescape(char *text);

/* Exits if the text, which is open, has more tokens than the model's context, or none where the
 * model has no token to begin with: with EXIT_FAILED, EXIT_USAGE. Of a pipe nothing is known. Opens
 * the weight file for its tokenizer, and closes it again. */
void prompt_require_room(struct text *text, const struct common_options *common, bool around);

#endif
