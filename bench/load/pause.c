#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "clock.h"
#include "phase.h"
#include "say.h"

static int lines;
static bool watched, waits, ended;

static int64_t stdinReady(struct Watched *self, uint32_t events) {
  (void)self, (void)events;
  char text[4096];
  ssize_t got = read(STDIN_FILENO, text, sizeof text);
  for (ssize_t i = 0; i < got; i++) lines += text[i] == '\n';
  ended = got <= 0;
  return nowNs();
}

static struct Watched stdinWatched = {stdinReady};

// The streams are read meanwhile: who measures the server's memory wants its sockets empty.
void runPause(const struct PhaseWish *wish) {
  printf("{\"phase\":\"%s\"}\n", wish->name);
  fflush(stdout);
  if (!watched) waits = turnsWatch(STDIN_FILENO, EPOLLIN, &stdinWatched);
  watched = true;
  while (!lines && !ended) {
    if (waits) turn(NEVER);
    else stdinReady(&stdinWatched, EPOLLIN);
  }
  if (!lines) fail("stdin ended during a pause, so that no line says when to go on.");
  lines--;
}
