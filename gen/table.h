/* `gen table`: what several models need, side by side, in Markdown. */
#ifndef GEN_TABLE_H
#define GEN_TABLE_H

#include <stdio.h>

/* One row per config of the NULL-terminated list, in its order; then what the columns mean. Prints
 * nothing unless every config is valid. Returns the exit code: 0; 1 if it cannot be written; 4 if a
 * config is not valid, with the reasons on stderr. */
int table_print(char *const *configs, FILE *to);

#endif
