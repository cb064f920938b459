/* `gen table`: what several models need, side by side, in Markdown. */
#ifndef GEN_EMIT_TABLE_H
#define GEN_EMIT_TABLE_H

#include <stdbool.h>
#include <stdio.h>

/* One row per config of the NULL-terminated list, in its order; then what the columns mean. False:
 * a config is not valid; the reasons are on stderr, and nothing was printed. */
bool table_print(char *const *configs, FILE *to);

#endif
