/* Durations and sizes as people write them in a configuration: "40ms", "5s", "10m", "24h", "1MiB", "64KB", "512". */
#ifndef ED_BASE_UNITS_H
#define ED_BASE_UNITS_H

#include <stdint.h>

/* "40ms", "1.5s", "10m", "24h", "7d"; a bare number is seconds. 0 and milliseconds, or -EINVAL (no such unit, negative,
 * trailing text), -ERANGE (over 2^53 ms). */
int ed_units_duration(const char *text, uint64_t *ms);

/* "512", "64KiB", "1MiB", "2GiB" (1024s), "64KB", "1MB", "2GB" (1000s), "10B". 0 and bytes, or -EINVAL, -ERANGE. */
int ed_units_size(const char *text, uint64_t *bytes);

/* The shortest text that ed_units_duration (ed_units_size) reads back as the same number. `out` holds 32 bytes. */
void ed_units_duration_text(uint64_t ms, char out[32]);
void ed_units_size_text(uint64_t bytes, char out[32]);

#endif
