#define _GNU_SOURCE
#include "phase.h"

#include <stdio.h>

#include "clock.h"
#include "cpu.h"
#include "heard.h"
#include "say.h"
#include "streams.h"

#define LISTEN_ON (100 * MILLISECOND)
#define STRAGGLERS SECOND

struct Phase phase;

static int64_t stoppedAt, spent[MOST_PIDS], spentOwn;
static uint64_t publishedBefore;

void phaseBegin(const char *name, double seconds) {
  phase.name = name;
  phase.timesDeliveries = phase.timesPublishes = phase.countsRequests = false;
  histogramClear(&phase.lateness);
  histogramClear(&streams.latency);
  histogramClear(&turns.batches);
  tally.deliveries = tally.doubled = tally.unordered = 0;
  publishedBefore = tally.published;
  for (int i = 0; i < options.pidCount; i++) spent[i] = cpuOf(options.pids[i]);
  spentOwn = cpuOwn();
  phase.begunAt = nowNs();
  phase.limitAt = phase.begunAt + (int64_t)((seconds + options.limit) * SECOND);
}

void phaseCountsFrom(uint64_t seq) { publishedBefore = seq; }

void phaseStop(int64_t at) {
  stoppedAt = at;
  spentOwn = cpuOwn() - spentOwn;
  for (int i = 0; i < options.pidCount; i++) spent[i] = cpuOf(options.pids[i]) - spent[i];
}

static uint64_t expected(void) { return (tally.published - publishedBefore) * (uint64_t)streams.open; }

static double micros(int64_t nanoseconds) { return (double)nanoseconds / 1000; }

static void printTimes(const char *name, const struct Histogram *times) {
  printf(",\"%s\":{", name);
  if (times == &streams.latency)
    printf("\"p50\":%.1f,\"p90\":%.1f,", micros(histogramAt(times, 0.5)), micros(histogramAt(times, 0.9)));
  printf("\"p99\":%.1f,", micros(histogramAt(times, 0.99)));
  if (times == &streams.latency) printf("\"p999\":%.1f,", micros(histogramAt(times, 0.999)));
  printf("\"max\":%.1f}", micros(times->max));
}

static void print(void) {
  printf("{\"phase\":\"%s\",\"streams\":%d,\"events\":%llu,\"deliveries\":%llu", phase.name, streams.open,
         (unsigned long long)(tally.published - publishedBefore), (unsigned long long)tally.deliveries);
  printf(",\"lost\":%llu,\"doubled\":%llu,\"unordered\":%llu",
         (unsigned long long)(expected() > tally.deliveries ? expected() - tally.deliveries : 0),
         (unsigned long long)tally.doubled, (unsigned long long)tally.unordered);
  if (phase.countsRequests)
    printf(",\"requests\":%llu", (unsigned long long)(tally.published - publishedBefore));
  printf(",\"seconds\":%.6f,\"cpuNs\":{", (double)(stoppedAt - phase.begunAt) / SECOND);
  for (int i = 0; i < options.pidCount; i++)
    printf("%s\"%d\":%lld", i ? "," : "", options.pids[i], (long long)spent[i]);
  printf("},\"ownCpuNs\":%lld", (long long)spentOwn);
  if (phase.timesDeliveries) printTimes("latencyUs", &streams.latency);
  if (phase.timesPublishes) printTimes("lateUs", &phase.lateness);
  printTimes("batchUs", &turns.batches);
  printf("}\n");
  fflush(stdout);
}

void phaseEnd(void) {
  turnsFor(LISTEN_ON);
  print();
  uint64_t lost = expected() > tally.deliveries ? expected() - tally.deliveries : 0;
  if (lost || tally.doubled || tally.unordered)
    fail("In the phase %s %llu deliveries were lost, %llu came twice and %llu in a wrong order%s.",
         phase.name, (unsigned long long)lost, (unsigned long long)tally.doubled,
         (unsigned long long)tally.unordered, streamsLacking());
}

_Noreturn static void giveUp(void) {
  phaseStop(nowNs());
  print();
  fail("The phase %s was not through within %g s (--limit): of %llu deliveries %llu were made, of %llu "
       "publishes %llu answered%s.",
       phase.name, options.limit, (unsigned long long)expected(), (unsigned long long)tally.deliveries,
       (unsigned long long)tally.published, (unsigned long long)tally.answered, streamsLacking());
}

void phaseAwaitAll(void) {
  int64_t pastSince = 0;
  uint64_t pastWith = 0;
  while (tally.answered < tally.published || tally.deliveries < expected()) {
    int64_t now = nowNs();
    if (now >= phase.limitAt) giveUp();
    // Where every stream has gone past the newest event, what lacks is lost, unless it is but late.
    bool past = tally.answered == tally.published && tally.reach == tally.published * (uint64_t)streams.open;
    if (past && pastWith == tally.deliveries && now - pastSince > STRAGGLERS) return;
    if (!past || pastWith != tally.deliveries) pastSince = now;
    pastWith = past ? tally.deliveries : 0;
    turn(past && now + STRAGGLERS < phase.limitAt ? now + STRAGGLERS : phase.limitAt);
  }
}
