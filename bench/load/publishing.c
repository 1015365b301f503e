#define _GNU_SOURCE
#include "clock.h"
#include "heard.h"
#include "phase.h"
#include "publishers.h"
#include "say.h"
#include "streams.h"

#define POOL_OPENED 4
#define POOL_MOST 64

static void rounds(const struct PhaseWish *wish, int inFlight) {
  publishersOpen(inFlight, nowNs() + (int64_t)(options.limit * SECOND));
  phaseBegin(wish->name, 0);
  phase.timesDeliveries = true;
  for (int left = wish->events; left > 0; left -= inFlight) {
    for (int i = 0; i < inFlight && i < left; i++)
      if (!publishNext(inFlight)) fail("A connection for publishing is busy though it was answered.");
    phaseAwaitAll();
  }
  phaseStop(nowNs());
  phaseEnd();
}

void runOne(const struct PhaseWish *wish) { rounds(wish, 1); }
void runBurst(const struct PhaseWish *wish) { rounds(wish, wish->inFlight); }

static int64_t firstDue, heldSince, dueCount, sentCount;
static double rate;

static int64_t dueOf(int64_t number) { return firstDue + (int64_t)((double)number / rate * SECOND); }

// Due times never depend on answers, so a server that is slow once cannot hide it by being asked less.
static void publishDue(int64_t now) {
  while (now >= turns.dueAt) {
    now = nowNs();
    if (!publishNext(POOL_MOST)) {
      heldSince = turns.dueAt;
      turns.dueAt = NEVER;
      return;
    }
    histogramAdd(&phase.lateness, now - turns.dueAt);
    turns.dueAt = ++sentCount < dueCount ? dueOf(sentCount) : NEVER;
  }
}

// All connections were busy: the event goes out with the first that is free, and its lateness says so.
static void publishHeld(void) {
  if (!heldSince) return;
  turns.dueAt = heldSince;
  heldSince = 0;
  publishDue(nowNs());
}

void runSteady(const struct PhaseWish *wish) {
  publishersOpen(POOL_OPENED, nowNs() + (int64_t)(options.limit * SECOND));
  phaseBegin(wish->name, wish->seconds);
  phase.timesDeliveries = phase.timesPublishes = true;
  rate = wish->rate;
  dueCount = (int64_t)(wish->rate * wish->seconds + 0.5);
  if (dueCount < 1) fail("The phase steady is too short for a single event.");
  sentCount = 0;
  firstDue = phase.begunAt + MILLISECOND;
  turns.whenDue = publishDue;
  turns.dueAt = firstDue;
  whenAnswered = publishHeld;
  while (sentCount < dueCount && nowNs() < phase.limitAt) turn(phase.limitAt);
  whenAnswered = NULL;
  turns.dueAt = NEVER;
  phaseAwaitAll();
  phaseStop(nowNs());
  phaseEnd();
}

static int64_t publishUntil;
static int publishAtOnce;

static void publishAgain(void) {
  while (nowNs() < publishUntil && publishNext(publishAtOnce)) continue;
}

void runPublish(const struct PhaseWish *wish) {
  publishAtOnce = wish->atOnce;
  publishersOpen(publishAtOnce, nowNs() + (int64_t)(options.limit * SECOND));
  phaseBegin(wish->name, wish->seconds);
  phase.countsRequests = true;
  publishUntil = phase.begunAt + (int64_t)(wish->seconds * SECOND);
  whenAnswered = publishAgain;
  publishAgain();
  while (nowNs() < publishUntil) turn(publishUntil);
  whenAnswered = NULL;
  phaseAwaitAll();
  phaseStop(nowNs());
  phaseEnd();
}
