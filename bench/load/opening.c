#define _GNU_SOURCE
#include "clock.h"
#include "heard.h"
#include "phase.h"
#include "publishers.h"
#include "say.h"
#include "streams.h"

#define SILENCE (200 * MILLISECOND)
#define LONGEST_SILENCE (2 * SECOND)

void runConnect(const struct PhaseWish *wish) {
  phaseBegin(wish->name, 0);
  streamsOpen(options.streams, wish->atOnce ? wish->atOnce : 64, NULL, tally.published, phase.limitAt);
  int64_t openAt = nowNs();
  // The server still has to put away what the connecting took; a talkative one is not waited for long.
  streams.heardAt = openAt;
  for (int64_t now = openAt; now - streams.heardAt < SILENCE && now - openAt < LONGEST_SILENCE; now = nowNs())
    turn(streams.heardAt + SILENCE);
  phaseStop(openAt);
  phaseEnd();
}

static void publishAnchor(void) {
  if (!publishNext(1)) fail("The first event could not be sent.");
}

void runReplay(const struct PhaseWish *wish) {
  phaseBegin(wish->name, 0);
  publishersOpen(1, phase.limitAt);
  const char *id = streamsAnchor(publishAnchor, phase.limitAt);
  phaseAwaitAll();
  uint64_t anchor = tally.published;
  for (int i = 0; i < wish->events; i++) {
    publishAnchor();
    phaseAwaitAll();
  }
  phaseBegin(wish->name, 0);
  phaseCountsFrom(anchor);
  streamsOpen(options.streams, wish->atOnce ? wish->atOnce : 256, id, anchor, phase.limitAt);
  phaseAwaitAll();
  phaseStop(nowNs());
  phaseEnd();
}
