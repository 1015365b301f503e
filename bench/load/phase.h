#ifndef PHASE_H
#define PHASE_H

#include <stdbool.h>
#include <stdint.h>

#include "turn.h"
#include "options.h"

// One object a phase on stdout: "lost" is what was published and not heard, "cpuNs" what each --pid spent in
// "seconds", "latencyUs" from the sending of an event to its reading. Two figures prove that the generator
// itself was not what was measured: "lateUs", how long after its due time an event was sent, and "batchUs",
// how long the last of the sockets that were ready together waited until it was read.
struct Phase {
  const char *name;
  int64_t begunAt, limitAt;
  bool timesDeliveries, timesPublishes, countsRequests; // Which figures its object has besides.
  struct Histogram lateness; // How long after its due time each publish was sent.
};

extern struct Phase phase;

// Clocks and counts start; `seconds` is what the phase takes by itself, before --limit counts.
void phaseBegin(const char *name, double seconds);
// The phase answers for all events after this seq, also for those published before it began.
void phaseCountsFrom(uint64_t seq);
// The clock stops at `at`; the CPU time is taken now.
void phaseStop(int64_t at);
// Listens a little for what comes twice, prints the object, and ends the process if anything is wrong.
void phaseEnd(void);
// Serves sockets until all that is published is answered and heard by all.
void phaseAwaitAll(void);

// The phases themselves, each from its first clock to its printed line.
void runConnect(const struct PhaseWish *wish);
void runPause(const struct PhaseWish *wish);
void runOne(const struct PhaseWish *wish);
void runBurst(const struct PhaseWish *wish);
void runSteady(const struct PhaseWish *wish);
void runReplay(const struct PhaseWish *wish);
void runPublish(const struct PhaseWish *wish);

#endif
