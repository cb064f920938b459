/* What the compiler is told about a function. */
#ifndef RUNTIME_BASE_ATTRIBUTES_H
#define RUNTIME_BASE_ATTRIBUTES_H

/* The caller looks at what comes back. */
#define MUST_USE __attribute__((warn_unused_result))

/* The parameter FORMAT is a format of printf, its values begin with the parameter FIRST. */
#define PRINTF(FORMAT, FIRST) __attribute__((format(printf, FORMAT, FIRST)))

#endif
