/* The verbs of a model's binary. Each parses argv[1..] (argv[0] is "NAME verb", for messages) and
 * returns the exit code. */
#ifndef RUNTIME_CLI_VERB_H
#define RUNTIME_CLI_VERB_H

int verb_run(int argc, char **argv);
int verb_stream(int argc, char **argv);
int verb_logits(int argc, char **argv);
int verb_tokenize(int argc, char **argv);
int verb_info(int argc, char **argv);
int verb_selftest(int argc, char **argv);
int verb_bench(int argc, char **argv);
int verb_sweep(int argc, char **argv);
int verb_latency(int argc, char **argv);
int verb_profile(int argc, char **argv);
int verb_state(int argc, char **argv);
int verb_perplexity(int argc, char **argv);

#endif
