#ifndef STREAMS_H
#define STREAMS_H

#include <stdint.h>

#include "turn.h"

struct Streams {
  int begun, open;           // Begun: asked for; open: the answer's head has come.
  int64_t heardAt;           // When any of them got bytes last.
  struct Histogram latency;
};

extern struct Streams streams;

// Opens all that are wanted, so many on the way at a time. Events after seq `after` are theirs to hear.
void streamsOpen(int wanted, int atOnce, const char *lastEventId, uint64_t after, int64_t limitAt);

// Opens one stream, calls `publish`, and returns the id of the block in which that event came.
const char *streamsAnchor(void (*publish)(void), int64_t limitAt);

// A sentence's end about one stream that has not heard all.
const char *streamsLacking(void);

#endif
