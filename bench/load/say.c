#include "say.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

_Noreturn void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  fflush(stdout);
  vfprintf(stderr, format, values);
  fputc('\n', stderr);
  va_end(values);
  exit(1);
}

const char *quoted(const char *bytes, size_t length) {
  static char text[200 * 4 + 3];
  char *to = text;
  *to++ = '"';
  for (size_t i = 0; i < length && i < 200; i++) {
    unsigned char byte = (unsigned char)bytes[i];
    if (byte == '\r') to += sprintf(to, "\\r");
    else if (byte == '\n') to += sprintf(to, "\\n");
    else if (byte < ' ' || byte > '~') to += sprintf(to, "\\x%02x", byte);
    else *to++ = (char)byte;
  }
  *to++ = '"';
  *to = 0;
  return text;
}

void *memory(size_t bytes) {
  void *got = calloc(1, bytes);
  if (!got) fail("There is no memory for %zu bytes more.", bytes);
  return got;
}
