#include "lost.h"

#include "little.h"
#include "mem.h"
#include "segment.h"

/* Behind the checksum, for each key: its number, the length of the key, the key. Last of all, for all other keys, one
 * with this length. */
#define OTHERS UINT32_MAX
#define HEAD_LEN 12u
#define SUM_LEN 8u

static uint64_t sum_of(int64_t id, uint64_t epoch, struct eddy_text data) {
  char text[8];
  put64(text, epoch);
  return segment_sum(id, (struct eddy_text){.at = text, .len = sizeof text}, data);
}

static int add(void *arg, struct eddy_text key, uint64_t seq) {
  struct lost *lost = arg;
  size_t len = lost->len + HEAD_LEN + key.len;
  if (len > LOST_MAX) return 1;
  if (len > lost->cap) {
    lost->cap = lost->cap * 2 > len ? lost->cap * 2 : len;
    lost->at = mem_resize(lost->at, lost->cap);
  }
  char *to = put32(put64(lost->at + lost->len, seq), key.at ? (uint32_t)key.len : OTHERS);
  if (key.at && key.len) memcpy(to, key.at, key.len);
  lost->len = len;
  return 0;
}

void lost_pack(struct lost *lost, const struct eddy_host *host, struct eddy_core *core, const struct eddy_room *room,
               int64_t id) {
  lost->cap = 64;
  lost->at = mem_resize(lost->at, lost->cap);
  lost->len = SUM_LEN;
  if (host->room_lost(core, room, add, lost)) {
    lost->len = 0;
    return;
  }
  const struct eddy_text data = {.at = lost->at + SUM_LEN, .len = lost->len - SUM_LEN};
  put64(lost->at, sum_of(id, host->room_epoch(core, room), data));
}

void lost_deinit(struct lost *lost) {
  free(lost->at);
  *lost = (struct lost){0};
}

bool lost_unpack(struct eddy_text data, const struct eddy_host *host, struct eddy_core *core, struct eddy_room *room,
                 int64_t id, uint64_t epoch) {
  if (data.len < SUM_LEN + HEAD_LEN) return false;
  const char *at = data.at + SUM_LEN, *end = data.at + data.len;
  if (get64(data.at) != sum_of(id, epoch, (struct eddy_text){.at = at, .len = (size_t)(end - at)})) return false;
  while ((size_t)(end - at) >= HEAD_LEN) {
    uint32_t len = get32(at + 8);
    struct eddy_text key = {.at = len == OTHERS ? NULL : at + HEAD_LEN, .len = len == OTHERS ? 0 : len};
    if ((size_t)(end - at) - HEAD_LEN < key.len) break;
    if (host->restore_lost(core, room, key, get64(at))) break;
    at += HEAD_LEN + key.len;
  }
  return true;
}
