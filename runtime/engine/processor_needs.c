#include "runtime/engine/processor.h"

#ifdef __AVX2__
#define AVX2 PROCESSOR_AVX2
#else
#define AVX2 0
#endif
#ifdef __FMA__
#define FMA PROCESSOR_FMA
#else
#define FMA 0
#endif
#ifdef __AVX512F__
#define AVX512F PROCESSOR_AVX512F
#else
#define AVX512F 0
#endif
#ifdef __AVX512BW__
#define AVX512BW PROCESSOR_AVX512BW
#else
#define AVX512BW 0
#endif
#ifdef __AVX512DQ__
#define AVX512DQ PROCESSOR_AVX512DQ
#else
#define AVX512DQ 0
#endif
#ifdef __AVX512VL__
#define AVX512VL PROCESSOR_AVX512VL
#else
#define AVX512VL 0
#endif

const unsigned processor_needs = AVX2 | FMA | AVX512F | AVX512BW | AVX512DQ | AVX512VL;
