#define _GNU_SOURCE
#include "cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>

#include "clock.h"
#include "say.h"
#include "turn.h"

int64_t cpuOf(int pid) {
  char path[320];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *threads = opendir(path);
  if (!threads) fail("The process %d, whose CPU time is wanted (--pid), is not there.", pid);
  int64_t sum = 0;
  struct dirent *thread;
  while ((thread = readdir(threads))) {
    if (thread->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "/proc/%d/task/%s/schedstat", pid, thread->d_name);
    FILE *file = fopen(path, "r");
    if (!file) continue; // A thread that ended since the folder was read.
    long long spent = 0;
    if (fscanf(file, "%lld", &spent) == 1) sum += spent;
    fclose(file);
  }
  closedir(threads);
  if (!sum) fail("The kernel tells no CPU time of process %d in /proc/%d/task/*/schedstat.", pid, pid);
  return sum;
}

// Of itself the kernel's clock is asked: schedstat is behind by up to a tick for a thread that runs.
int64_t cpuOwn(void) {
  if (turns.spins) return turns.busy; // it has the processor all the time
  struct timespec spent;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
  return spent.tv_sec * SECOND + spent.tv_nsec;
}
