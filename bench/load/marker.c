#include "marker.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "request.h"

static bool takes(struct Marker *marker, char byte) {
  uint8_t at = marker->progress;
  unsigned digit = (unsigned)byte - '0';
  if (at == 0 ? byte != '#' : at == 11 ? byte != ' ' : digit > 9) return false;
  if (at == 0) marker->seq = 0, marker->sentAt = 0;
  else if (at < 11) marker->seq = marker->seq * 10 + digit;
  else if (at > 11) marker->sentAt = (int64_t)((uint64_t)marker->sentAt * 10 + digit);
  marker->progress++;
  return true;
}

const char *markerFind(struct Marker *marker, const char *from, const char *end) {
  while (from < end) {
    if (!marker->progress && !(from = memchr(from, '#', (size_t)(end - from)))) return NULL;
    // A byte that does not fit may itself be the beginning of a marker, so it is looked at again.
    while (from < end && takes(marker, *from)) {
      from++;
      if (marker->progress < MARKER_LENGTH) continue;
      marker->progress = 0;
      return from;
    }
    if (from < end) marker->progress = 0;
  }
  return NULL;
}
