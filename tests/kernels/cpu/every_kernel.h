/* Every operation of the CPU. A generated kernels.c includes what its model has. */
#ifndef TESTS_KERNELS_CPU_EVERY_KERNEL_H
#define TESTS_KERNELS_CPU_EVERY_KERNEL_H

#include "kernels/cpu/attention.h"
#include "kernels/cpu/conv.h"
#include "kernels/cpu/dt_scan.h"
#include "kernels/cpu/embed.h"
#include "kernels/cpu/experts.h"
#include "kernels/cpu/layernorm.h"
#include "kernels/cpu/linear.h"
#include "kernels/cpu/mlp.h"
#include "kernels/cpu/norm.h"
#include "kernels/cpu/norm_linear_add.h"
#include "kernels/cpu/norm_linear_conv.h"
#include "kernels/cpu/norm_qkv.h"
#include "kernels/cpu/norm_selection.h"
#include "kernels/cpu/rope_append.h"
#include "kernels/cpu/scan.h"
#include "kernels/cpu/ssd.h"

#endif
