/// Counts heap allocations of the program that it is linked into, for benchmarks only: it stands in
/// front of the C library's `malloc` family, which does the work.
#ifndef C_ALLOCATION_COUNT_H
#define C_ALLOCATION_COUNT_H

#include <stdint.h>

/// Allocations since the program began, all threads together.
uint64_t cac_allocations(void);

#endif
