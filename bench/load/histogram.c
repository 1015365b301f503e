#include "histogram.h"

#include <string.h>

int64_t histogramAt(const struct Histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)(share * (double)histogram->count + 0.999999);
  uint64_t seen = 0;
  for (unsigned i = 0; i < sizeof histogram->buckets / sizeof *histogram->buckets; i++) {
    seen += histogram->buckets[i];
    if (seen < wanted || !histogram->buckets[i]) continue;
    unsigned doublings = i / HISTOGRAM_STEPS;
    int64_t step = i % HISTOGRAM_STEPS;
    if (!doublings) return step;
    int64_t width = 1LL << (doublings - 1);
    int64_t middle = (step + HISTOGRAM_STEPS) * width + width / 2;
    return middle < histogram->max ? middle : histogram->max;
  }
  return histogram->max;
}

void histogramClear(struct Histogram *histogram) { memset(histogram, 0, sizeof *histogram); }
