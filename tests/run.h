/* The main of a Check program: runs one suite, prints Check's summary, exits 0 only if all passed.
 */
#ifndef TESTS_RUN_H
#define TESTS_RUN_H

#include <check.h>
#include <stdlib.h>

static inline int tests_run(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_NORMAL);
    int failed = srunner_ntests_failed(runner);
    int executed = srunner_ntests_run(runner);
    srunner_free(runner);
    return failed == 0 && executed > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
