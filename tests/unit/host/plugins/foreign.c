/* Of another ABI: nothing but its number may be looked at. */
#include <stdint.h>

__attribute__((visibility("default"))) const uint32_t eddy_plugin[4] = {7, 4};
