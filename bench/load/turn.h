#ifndef TURN_H
#define TURN_H

#include <stdbool.h>
#include <stdint.h>

#include "histogram.h"

// What epoll watches. `ready` returns the time at which it was done with its reading.
struct Watched {
  int64_t (*ready)(struct Watched *self, uint32_t events);
};

struct Turns {
  int64_t dueAt; // When `whenDue` is to be called, NEVER if not; it sets the next time itself.
  void (*whenDue)(int64_t now);
  bool spins;   // It never sleeps.
  int64_t busy; // Nanoseconds in which it served sockets.
  struct Histogram batches; // How long the last ready socket of a batch waited for its turn.
};

extern struct Turns turns;

#define READ_ROOM 65536
extern char readRoom[READ_ROOM];

void turnsOpen(int mostSockets);
// Edge-triggered: a socket that was read empty costs epoll nothing more.
// False for what is never waited for, such as a file.
bool turnsWatch(int fd, uint32_t events, struct Watched *watched);
// Waits for the next sockets, `until` at the longest, and serves them all.
void turn(int64_t until);
void turnsFor(int64_t nanoseconds);

#endif
