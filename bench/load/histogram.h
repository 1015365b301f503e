#ifndef HISTOGRAM_H
#define HISTOGRAM_H

#include <stdint.h>

// 128 buckets for each doubling: what is read from it is off by 0.4 % at most.
#define HISTOGRAM_STEPS 128
#define HISTOGRAM_DOUBLINGS 40

struct Histogram {
  uint64_t count;
  int64_t max;
  uint64_t buckets[(HISTOGRAM_DOUBLINGS + 1) * HISTOGRAM_STEPS];
};

static inline void histogramAdd(struct Histogram *histogram, int64_t value) {
  uint64_t left = value < 0 ? 0 : (uint64_t)value;
  if (value > histogram->max) histogram->max = value;
  unsigned doublings = 0;
  if (left >= HISTOGRAM_STEPS) {
    doublings = 63 - 6 - (unsigned)__builtin_clzll(left);
    if (doublings > HISTOGRAM_DOUBLINGS) doublings = HISTOGRAM_DOUBLINGS;
    left = (left >> (doublings - 1)) & (HISTOGRAM_STEPS - 1);
  }
  histogram->buckets[doublings * HISTOGRAM_STEPS + left]++;
  histogram->count++;
}

// The value that this share (0 to 1) of all values does not exceed.
int64_t histogramAt(const struct Histogram *histogram, double share);
void histogramClear(struct Histogram *histogram);

#endif
