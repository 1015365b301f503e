#include "heard.h"

#include <stdbool.h>
#include <stdlib.h>

#include "say.h"

struct Tally tally;

// Of each seq, how many before it could still have been on the way when it was sent.
static uint16_t *overlaps;
static uint64_t overlapsRoom;

uint64_t tallyPublish(uint64_t oldestUnanswered) {
  uint64_t seq = ++tally.published;
  if (seq >= overlapsRoom) {
    overlapsRoom = overlapsRoom ? overlapsRoom * 2 : 4096;
    overlaps = realloc(overlaps, overlapsRoom * sizeof *overlaps);
    if (!overlaps) fail("There is no memory for %llu events.", (unsigned long long)overlapsRoom);
  }
  uint64_t overlap = oldestUnanswered && oldestUnanswered < seq ? seq - oldestUnanswered : 0;
  overlaps[seq] = overlap < UINT16_MAX ? (uint16_t)overlap : UINT16_MAX;
  return seq;
}

void heardBegin(struct Heard *heard, uint64_t after) {
  heard->last = after;
  heard->window = ~0ULL;
  tally.reach += after;
}

void heardEnd(struct Heard *heard) { tally.reach -= heard->last; }

void heardOutOfTurn(struct Heard *heard, uint64_t seq) {
  if (!seq || seq > tally.published)
    fail("A stream got event %llu, but only %llu are published: somebody else publishes there too, or the "
         "server repeats what is old.",
         (unsigned long long)seq, (unsigned long long)tally.published);
  if (seq > heard->last) {
    uint64_t step = seq - heard->last;
    heard->window = step < 64 ? heard->window << step | 1 : 1;
    heard->last = seq;
    tally.reach += step;
    tally.deliveries++;
    return;
  }
  uint64_t age = heard->last - seq;
  if (age > 63 || heard->window >> age & 1) {
    tally.doubled++;
    return;
  }
  heard->window |= 1ULL << age;
  tally.deliveries++;
  // Two events that were on the way to the server at the same time have no order of their own.
  if (age > overlaps[heard->last]) tally.unordered++;
}
