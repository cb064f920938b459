/* What the compiler is told about a function. */
#ifndef RUNTIME_BASE_ATTRIBUTES_H
#define RUNTIME_BASE_ATTRIBUTES_H

/* The caller looks at what comes back. */
#define MUST_USE __attribute__((warn_unused_result))

/* It does not come back. C++ does not know C's word for that. */
#define NORETURN __attribute__((noreturn))

/* The parameter FORMAT is a format of printf, its values begin with the parameter FIRST. */
#define PRINTF(FORMAT, FIRST) __attribute__((format(printf, FORMAT, FIRST)))

#endif
