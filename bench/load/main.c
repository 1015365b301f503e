// The load generator: one process and one epoll play a whole scenario against one server.
//
//   load --port 8080 --streams 1000 --stream-path '/stream?channel=bench' --publish-path /events
//        --content-type application/json --body '{"channel":"bench","data":"%"}' [--payload 100]
//        [--host 127.0.0.1] [--header 'Name: value']... [--pid PID]... [--limit SECONDS] PHASE...
//
//   connect[:at-once=64]         opens the streams
//   pause                        waits for a line on stdin
//   one:events=K                 one event at a time, heard by all before the next
//   burst:events=K,in-flight=F   F events at the same moment, heard by all before the next F
//   steady:rate=R,seconds=S      at due times that no answer delays
//   replay:events=K              opens the streams as readers that have missed K events; instead of connect
//   publish:seconds=S,at-once=C  as fast as C connections are answered
#include <string.h>

#include "phase.h"
#include "socket.h"

static const struct {
  const char *name;
  void (*run)(const struct PhaseWish *wish);
} phases[] = {
  {"connect", runConnect}, {"pause", runPause},   {"one", runOne},         {"burst", runBurst},
  {"steady", runSteady},   {"replay", runReplay}, {"publish", runPublish},
};

int main(int count, char **words) {
  readOptions(count, words);
  socketsPrepare();
  turnsOpen(options.streams);
  for (int i = 0; i < options.phaseCount; i++)
    for (size_t kind = 0; kind < sizeof phases / sizeof *phases; kind++)
      if (!strcmp(phases[kind].name, options.phases[i].name)) phases[kind].run(&options.phases[i]);
  return 0;
}
