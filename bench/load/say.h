#ifndef SAY_H
#define SAY_H

#include <stddef.h>

// One plain sentence on stderr, then exit 1: the bench shows it as it is.
_Noreturn void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

// Foreign bytes as they can stand within a sentence, at most 200 of them; valid until the next call.
const char *quoted(const char *bytes, size_t length);

void *memory(size_t bytes);

#endif
