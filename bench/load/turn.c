#define _GNU_SOURCE
#include "turn.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "clock.h"
#include "say.h"

struct Turns turns = {.dueAt = NEVER};
char readRoom[READ_ROOM];

static int epoll, timer, room;
static struct epoll_event *events;
static int64_t armedFor = NEVER;

static int64_t timerReady(struct Watched *self, uint32_t what) {
  (void)self, (void)what;
  uint64_t times;
  while (read(timer, &times, sizeof times) > 0) continue;
  armedFor = NEVER;
  return nowNs();
}

static struct Watched timerWatched = {timerReady};

bool turnsWatch(int fd, uint32_t what, struct Watched *watched) {
  struct epoll_event event = {.events = what | EPOLLET, .data.ptr = watched};
  if (!epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event)) return true;
  if (errno != EPERM) fail("epoll does not take a socket: %s.", strerror(errno));
  return false;
}

// With a processor of its own it never sleeps. A server whose write has to wake a sleeper pays for that, up to as much as for the
// write itself, and the slower it is the more often: that is no cost of serving, since no network card sleeps. Whoever else wants
// the processor, as Redis, has it at once.
static void spinIfAlone(void) {
  struct sched_param none = {0};
  turns.spins = sysconf(_SC_NPROCESSORS_ONLN) > 1 && !sched_setscheduler(0, SCHED_IDLE, &none);
}

void turnsOpen(int mostSockets) {
  spinIfAlone();
  room = mostSockets + 64;
  events = memory((size_t)room * sizeof *events);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  if (epoll < 0 || timer < 0) fail("epoll cannot be opened: %s.", strerror(errno));
  turnsWatch(timer, EPOLLIN, &timerWatched);
}

// epoll's own time limit counts in milliseconds, too coarse for an event that is due.
static void armTimer(void) {
  if (turns.dueAt == armedFor || turns.dueAt == NEVER) return;
  struct itimerspec at = {.it_value = {turns.dueAt / SECOND, turns.dueAt % SECOND}};
  if (timerfd_settime(timer, TFD_TIMER_ABSTIME, &at, NULL))
    fail("The timer cannot be set: %s.", strerror(errno));
  armedFor = turns.dueAt;
}

void turn(int64_t until) {
  // Also while all events fit one batch, a wait is measured honestly: a batch is as large as need be.
  armTimer();
  int64_t left = until - nowNs();
  int wait = left <= 0 ? 0 : left > 1000 * SECOND ? 1000000 : (int)((left + MILLISECOND - 1) / MILLISECOND);
  int count = epoll_wait(epoll, events, room, turns.spins ? 0 : wait);
  if (count < 0 && errno != EINTR) fail("epoll fails: %s.", strerror(errno));
  int64_t begun = nowNs(), now = begun;
  for (int i = 0; i < count; i++) {
    struct Watched *watched = events[i].data.ptr;
    now = watched->ready(watched, events[i].events);
    if (now >= turns.dueAt) turns.whenDue(now);
  }
  turns.busy += now - begun;
  if (count > 0) histogramAdd(&turns.batches, now - begun);
  else if (begun >= turns.dueAt) turns.whenDue(begun);
}

void turnsFor(int64_t nanoseconds) {
  int64_t until = nowNs() + nanoseconds;
  while (nowNs() < until) turn(until);
}
