#define _GNU_SOURCE
#include "anchor.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "say.h"

static char *text;
static size_t length;

void anchorTake(const char *bytes, size_t more) {
  text = realloc(text, length + more + 1);
  if (!text) fail("There is no memory for the first event.");
  memcpy(text + length, bytes, more);
  length += more;
  text[length] = 0;
}

static const char *blockEnd(const char *from) {
  const char *plain = strstr(from, "\n\n"), *returns = strstr(from, "\r\n\r\n");
  return !plain || (returns && returns < plain) ? returns : plain;
}

const char *anchorId(uint64_t seq) {
  char marker[16];
  snprintf(marker, sizeof marker, "#%010llu ", (unsigned long long)seq);
  const char *event = text && seq ? strstr(text, marker) : NULL;
  const char *end = event ? blockEnd(event) : NULL;
  if (!end) return NULL;
  const char *last = NULL;
  size_t size = 0;
  for (const char *line = text; line < end; line += strcspn(line, "\n") + 1) {
    if (strncmp(line, "id:", 3)) continue;
    last = line + 3;
    last += strspn(last, " ");
    size = strcspn(last, "\r\n");
  }
  if (!last) return "";
  char *id = memory(size + 1);
  memcpy(id, last, size);
  return id;
}
