#define _GNU_SOURCE
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "request.h"
#include "say.h"

struct Options options = {
  .host = "127.0.0.1", .payload = 100, .limit = 120, .contentType = "text/plain", .body = "%"};

static const struct {
  const char *name, *needs, *mayHave;
} phases[] = {
  {"connect", "", "at-once"},  {"pause", "", ""},
  {"one", "events", ""},       {"burst", "events in-flight", ""},
  {"replay", "events", ""},    {"steady", "rate seconds", ""},
  {"publish", "seconds at-once", ""},
};

static double number(const char *text, const char *of, double least, double most) {
  char *end;
  double value = strtod(text, &end);
  if (end == text || *end || !(value >= least && value <= most))
    fail("%s has to be a number from %.10g to %.10g, not \"%s\".", of, least, most, text);
  return value;
}

static bool names(const char *list, const char *word) {
  size_t length = strlen(word);
  for (const char *at = list; (at = strstr(at, word)); at += length)
    if ((at == list || at[-1] == ' ') && (at[length] == ' ' || !at[length])) return true;
  return false;
}

static void readArgument(struct PhaseWish *wish, const char *key, const char *value) {
  if (!strcmp(key, "events")) wish->events = (int)number(value, key, 1, 1e9);
  if (!strcmp(key, "in-flight")) wish->inFlight = (int)number(value, key, 1, 64);
  if (!strcmp(key, "at-once")) wish->atOnce = (int)number(value, key, 1, 1024);
  if (!strcmp(key, "rate")) wish->rate = number(value, key, 0.001, 1e6);
  if (!strcmp(key, "seconds")) wish->seconds = number(value, key, 0.001, 1e6);
}

// "burst:events=100,in-flight=16"
static void readPhase(char *word) {
  if (options.phaseCount == MOST_PHASES) fail("There are more than %d phases.", MOST_PHASES);
  struct PhaseWish *wish = &options.phases[options.phaseCount++];
  char *arguments = strchr(word, ':');
  if (arguments) *arguments++ = 0;
  wish->name = word;
  size_t kind = 0;
  while (kind < sizeof phases / sizeof *phases && strcmp(phases[kind].name, word)) kind++;
  if (kind == sizeof phases / sizeof *phases) fail("There is no phase \"%s\".", word);
  char given[200] = "";
  for (char *key; (key = strsep(&arguments, ","));) {
    char *value = strchr(key, '=');
    if (!value) fail("The phase %s has \"%s\" where NAME=NUMBER is wanted.", word, key);
    *value++ = 0;
    if (!names(phases[kind].needs, key) && !names(phases[kind].mayHave, key))
      fail("The phase %s knows no \"%s\".", word, key);
    readArgument(wish, key, value);
    if (strlen(given) + strlen(key) + 2 > sizeof given) fail("The phase %s says things twice.", word);
    strcat(strcat(given, key), " ");
  }
  char needs[40];
  strcpy(needs, phases[kind].needs);
  char *rest = needs;
  for (char *need; (need = strsep(&rest, " "));)
    if (*need && !names(given, need)) fail("The phase %s needs %s=NUMBER.", word, need);
}

static void addHeader(const char *line) {
  size_t before = options.headers ? strlen(options.headers) : 0;
  char *headers = memory(before + strlen(line) + 3);
  if (before) strcpy(headers, options.headers);
  strcat(strcat(headers, line), "\r\n");
  options.headers = headers;
  if (!strncasecmp(line, "host:", 5)) options.ownHost = true;
}

static void checkOptions(void) {
  if (!options.port) fail("The server's port is not given: --port NUMBER.");
  if (!options.phaseCount) fail("No phase is given, such as connect, one:events=100 or pause.");
  if (options.streams && !options.streamPath)
    fail("The path of the streams is not given: --stream-path PATH.");
  const char *place = strchr(options.body, '%');
  if (!place || strchr(place + 1, '%')) fail("The --body has to contain one %%, where the payload stands.");
  bool open = false;
  for (int i = 0; i < options.phaseCount; i++) {
    const struct PhaseWish *wish = &options.phases[i];
    bool connects = names("connect replay", wish->name);
    if (connects && open) fail("The phase %s has to be the first that opens streams.", wish->name);
    open = open || connects;
    if (!connects && strcmp(wish->name, "pause") && !options.publishPath)
      fail("The path for publishing is not given: --publish-path PATH.");
    if (names("one burst steady", wish->name) && options.streams && !open)
      fail("The phase %s needs open streams: let connect come before it.", wish->name);
    if (!strcmp(wish->name, "publish") && open && options.streams && wish->atOnce > 64)
      fail("With open streams the phase publish allows at-once=64 at most.");
    if (!strcmp(wish->name, "replay") && (i || !options.publishPath))
      fail("The phase replay has to be the first one, and needs --publish-path PATH.");
  }
}

void readOptions(int count, char **words) {
  for (int i = 1; i < count; i++) {
    char *word = words[i];
    if (strncmp(word, "--", 2)) {
      readPhase(word);
      continue;
    }
    if (++i == count) fail("After %s something is missing.", word);
    char *value = words[i];
    if (!strcmp(word, "--port")) options.port = (int)number(value, word, 1, 65535);
    else if (!strcmp(word, "--host")) options.host = value;
    else if (!strcmp(word, "--streams")) options.streams = (int)number(value, word, 0, 1e6);
    else if (!strcmp(word, "--stream-path")) options.streamPath = value;
    else if (!strcmp(word, "--publish-path")) options.publishPath = value;
    else if (!strcmp(word, "--content-type")) options.contentType = value;
    else if (!strcmp(word, "--body")) options.body = value;
    else if (!strcmp(word, "--payload")) options.payload = (int)number(value, word, MARKER_LENGTH, 1e6);
    else if (!strcmp(word, "--header")) addHeader(value);
    else if (!strcmp(word, "--limit")) options.limit = number(value, word, 0.001, 1e6);
    else if (!strcmp(word, "--pid") && options.pidCount < MOST_PIDS)
      options.pids[options.pidCount++] = (int)number(value, word, 1, 1 << 30);
    else if (!strcmp(word, "--pid")) fail("More than %d times --pid.", MOST_PIDS);
    else fail("There is no option %s.", word);
  }
  checkOptions();
}
