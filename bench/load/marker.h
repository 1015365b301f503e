#ifndef MARKER_H
#define MARKER_H

#include <stdint.h>

// A search for the payload's beginning, in bytes that may be cut anywhere.
struct Marker {
  uint64_t seq;
  int64_t sentAt;
  uint8_t progress; // How many bytes of a marker the last piece ended with.
};

// The place after the next whole marker, whose numbers then stand in `marker`; NULL when there is none more.
const char *markerFind(struct Marker *marker, const char *from, const char *end);

#endif
