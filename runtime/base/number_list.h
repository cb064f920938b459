/* Lists of whole numbers on a command line, as llama-bench reads them. */
#ifndef RUNTIME_BASE_NUMBER_LIST_H
#define RUNTIME_BASE_NUMBER_LIST_H

#include <stdint.h>

enum { NUMBER_LIST_MOST = 64 };

struct number_list {
    uint32_t count;
    uint64_t at[NUMBER_LIST_MOST]; /* in the order given, each once */
};

/* Adds what `text` lists: numbers within [least, most] and ranges of them between commas.
 * FIRST-LAST stands for every number from first to last, FIRST-LAST+STEP for every STEP-th,
 * FIRST-LAST*FACTOR for first, first * FACTOR and so on. A number that is in the list already is
 * not added again. Exits with EXIT_USAGE: "--n-depth: '4,x': expected ...", if it is not such a
 * list, or would have more than NUMBER_LIST_MOST numbers. `option` is the name to show. */
void number_list_add(struct number_list *list, const char *option, const char *text, uint64_t least,
                     uint64_t most);

/* Ascending. */
void number_list_sort(struct number_list *list);

/* The largest; 0 of an empty list. */
uint64_t number_list_most(const struct number_list *list);

#endif
