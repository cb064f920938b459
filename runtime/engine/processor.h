/* Whether this processor can execute the binary: asked before anything else is. */
#ifndef RUNTIME_ENGINE_PROCESSOR_H
#define RUNTIME_ENGINE_PROCESSOR_H

/* The instruction set extensions that the kernels were compiled for, one bit for each row of
 * processor.c's table. Defined in processor_needs.c, which is compiled as the kernels are. */
extern const unsigned processor_needs;

enum {
    PROCESSOR_AVX2 = 1 << 0, /* all that have it have F16C too, which Clang cannot be asked about */
    PROCESSOR_FMA = 1 << 1,
    PROCESSOR_AVX512F = 1 << 2,
    PROCESSOR_AVX512BW = 1 << 3,
    PROCESSOR_AVX512DQ = 1 << 4,
    PROCESSOR_AVX512VL = 1 << 5,
};

/* Exits with EXIT_PROCESSOR, naming what is missing and how to build for this machine, if the
 * processor lacks one of them. Compiled for the oldest processor of its family. */
void processor_require(unsigned needs);

#endif
