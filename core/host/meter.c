#include "host/meter.h"

const double ed_meter_bounds[ED_METER_BOUNDS] = {1e-6,   2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4,
                                                 2.5e-4, 5e-4,   1e-3, 5e-3, 2e-2,   1e-1};

bool ed_meter_begin(struct ed_meter *meter, uint64_t now_ms) {
  meter->calls++;
  if (meter->last_ms == now_ms && meter->calls - meter->told < ED_METER_EVERY) return false;
  meter->last_ms = now_ms;
  return true;
}

void ed_meter_end(struct ed_meter *meter, struct ed_histogram *histogram, bool timed, uint64_t ns) {
  uint64_t weight = timed ? meter->calls - meter->told : 1;
  size_t i = 0;
  while (i < ED_METER_BOUNDS && (double)ns > ed_meter_bounds[i] * 1e9) i++;
  histogram->counts[i] += weight;
  meter->told += weight;
  meter->ns += ns * weight;
}
