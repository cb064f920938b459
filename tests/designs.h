/* Small configs for the tests of the generator. */
#ifndef TESTS_DESIGNS_H
#define TESTS_DESIGNS_H

#include "gen/cfg.h"

/* Tied, no projection bias, a convolution bias, every width a multiple of 16. */
static const struct cfg plain_cfg = {.name = "plain",
                                     .model_type = "mamba",
                                     .vocab_size = 512,
                                     .hidden_size = 64,
                                     .intermediate_size = 128,
                                     .state_size = 16,
                                     .num_hidden_layers = 3,
                                     .conv_kernel = 4,
                                     .time_step_rank = 4,
                                     .use_conv_bias = true,
                                     .hidden_act = "silu",
                                     .layer_norm_epsilon = 1e-5,
                                     .residual_in_fp32 = true,
                                     .tie_word_embeddings = true,
                                     .embedding_type = DTYPE_F32,
                                     .linear_type = DTYPE_BF16,
                                     .prefill_chunk = 32,
                                     .logit_rows = 8,
                                     .weights_memory = "auto",
                                     .state_memory = "auto",
                                     .scratch_memory = "auto",
                                     .io_memory = "auto"};

/* The opposite of it all, and no width that a vector divides. */
static const struct cfg odd_cfg = {.name = "odd",
                                   .model_type = "mamba",
                                   .vocab_size = 509,
                                   .hidden_size = 53,
                                   .intermediate_size = 159,
                                   .state_size = 5,
                                   .num_hidden_layers = 2,
                                   .conv_kernel = 3,
                                   .time_step_rank = 3,
                                   .use_bias = true,
                                   .hidden_act = "silu",
                                   .layer_norm_epsilon = 1e-5,
                                   .embedding_type = DTYPE_BF16,
                                   .linear_type = DTYPE_F16,
                                   .prefill_chunk = 7,
                                   .logit_rows = 7,
                                   .weights_memory = "auto",
                                   .state_memory = "auto",
                                   .scratch_memory = "auto",
                                   .io_memory = "auto"};

/* 4 heads of 32 in 2 groups, 16 states, a width of 64, 3 layers; f32 tables, bf16 matrices. */
static const struct cfg heads_cfg = {.name = "heads",
                                     .model_type = "mamba2",
                                     .vocab_size = 512,
                                     .hidden_size = 64,
                                     .intermediate_size = 128,
                                     .state_size = 16,
                                     .num_hidden_layers = 3,
                                     .head_dim = 32,
                                     .num_heads = 4,
                                     .n_groups = 2,
                                     .time_step_limit_high = 0.1,
                                     .conv_kernel = 4,
                                     .use_bias = true,
                                     .use_conv_bias = true,
                                     .hidden_act = "silu",
                                     .layer_norm_epsilon = 1e-5,
                                     .residual_in_fp32 = true,
                                     .embedding_type = DTYPE_F32,
                                     .linear_type = DTYPE_BF16,
                                     .prefill_chunk = 32,
                                     .logit_rows = 8,
                                     .weights_memory = "auto",
                                     .state_memory = "auto",
                                     .scratch_memory = "auto",
                                     .io_memory = "auto"};

#endif
