#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>

#define MOST_PIDS 64
#define MOST_PHASES 64

struct PhaseWish {
  const char *name;
  int events, inFlight, atOnce;
  double rate, seconds;
};

struct Options {
  int port, streams, payload;
  const char *host, *streamPath, *publishPath, *contentType, *body;
  char *headers; // All --header lines, each with its line end.
  bool ownHost;  // One of them is a Host header, so none is added.
  int pids[MOST_PIDS], pidCount;
  double limit;
  struct PhaseWish phases[MOST_PHASES];
  int phaseCount;
};

extern struct Options options;

void readOptions(int count, char **words);

#endif
