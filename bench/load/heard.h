#ifndef HEARD_H
#define HEARD_H

#include <stdint.h>

// What one stream has heard: the highest seq, and which of the 64 up to it (bit 0 is `last` itself).
struct Heard {
  uint64_t last, window;
};

// All streams together. `reach` is the sum of every open stream's `last`.
struct Tally {
  uint64_t published, answered, reach;
  uint64_t deliveries, doubled, unordered; // Of this phase.
};

extern struct Tally tally;

// An event is published while all before `oldestUnanswered` have been answered. Returns its seq.
uint64_t tallyPublish(uint64_t oldestUnanswered);

// A stream that begins after all that is published so far; and one that is closed.
void heardBegin(struct Heard *heard, uint64_t after);
void heardEnd(struct Heard *heard);
void heardOutOfTurn(struct Heard *heard, uint64_t seq);

static inline void hear(struct Heard *heard, uint64_t seq) {
  if (seq != heard->last + 1 || seq > tally.published) {
    heardOutOfTurn(heard, seq);
    return;
  }
  heard->last = seq;
  heard->window = heard->window << 1 | 1;
  tally.reach++;
  tally.deliveries++;
}

#endif
