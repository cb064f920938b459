/* How a weight is packed. PAD(n) is n rounded up to 16; every packed tensor starts on 64 bytes;
 * everything that is not an element is zero. Backends differ in the order inside a matrix, never in
 * its bytes.
 *   MATRIX  [rows][cols] stored as [padded_rows][stored_cols]: both spread over groups, each padded
 *           to whole lines of 16 (runtime/base/spread.h).
 *           cuda: row by row.
 *           cpu:  panels of 64 consecutive padded rows; the last one is 16, 32, 48 or 64 wide.
 *                 Panel p starts at element 64 * p * stored_cols. In a panel of width w:
 *                 f32, f16: for each k < stored_cols, the w elements of column k;
 *                 bf16:     for each pair kk < stored_cols / 2, w lanes of 32 bits: low half
 *                           element k = 2 kk, high half k = 2 kk + 1.
 *   VECTOR  f32 [rows], spread like the rows of a matrix.
 *   TAPS    [rows][1][cols] -> f32 [cols][padded_rows], tap by tap, the rows spread.
 *   DECAY   A_log [rows][cols] -> f32 [padded_rows / 16][cols][16] holding -exp(A_log), a line of
 *           16 rows together: exp in double, rounded once to f32.
 *   RATE    A_log [rows] -> f32 [padded_rows] holding the same. */
#ifndef GEN_GRAPH_PACKING_H
#define GEN_GRAPH_PACKING_H

enum packing { PACKING_MATRIX, PACKING_VECTOR, PACKING_TAPS, PACKING_DECAY, PACKING_RATE };

#endif
