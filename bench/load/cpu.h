#ifndef CPU_H
#define CPU_H

#include <stdint.h>

// What all threads of a process have spent so far, in nanoseconds.
int64_t cpuOf(int pid);
int64_t cpuOwn(void);

#endif
