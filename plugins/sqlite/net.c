#include "net.h"

#include "mem.h"

#define SLOTS_MIN 256u
#define KEEP_MAX 65536u /* entries; memory for more is given back */

void net_deinit(struct net *net) {
  free(net->streams);
  free(net->entries);
  free(net->slots);
  *net = (struct net){0};
}

void net_clear(struct net *net) {
  if (net->entries_cap > KEEP_MAX || net->streams_cap > KEEP_MAX) net_deinit(net);
  net->streams_len = net->entries_len = 0;
  /* NOLINTNEXTLINE(clang-analyzer-*): it is zero after net_deinit */
  if (net->slots) memset(net->slots, 0xff, net->slots_len * sizeof *net->slots);
}

/* ---- streams ---- */

static uint64_t hash_of(const struct kept *kept, struct eddy_text key) {
  uint64_t hash = (uint64_t)kept->id * UINT64_C(0x9e3779b97f4a7c15) ^ UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < key.len; i++) hash = (hash ^ (unsigned char)key.at[i]) * UINT64_C(0x100000001b3);
  return hash ^ hash >> 32;
}

static bool is_of(const struct net_stream *stream, const struct kept *kept, struct eddy_text key) {
  return stream->kept == kept && stream->key.len == key.len && memcmp(stream->key.at, key.at, key.len) == 0;
}

static void place(struct net *net, uint32_t index) {
  size_t slot = net->streams[index].hash & (net->slots_len - 1);
  while (net->slots[slot] != NET_NONE) slot = (slot + 1) & (net->slots_len - 1);
  net->slots[slot] = index;
}

/* At most half of the slots are taken. */
static void make_room(struct net *net) {
  if (net->streams_len == net->streams_cap) {
    net->streams_cap = net->streams_cap ? net->streams_cap * 2 : SLOTS_MIN / 2;
    net->streams = mem_resize(net->streams, net->streams_cap * sizeof *net->streams);
  }
  if (net->streams_len < net->slots_len / 2) return;
  net->slots_len = net->slots_len ? net->slots_len * 2 : SLOTS_MIN;
  net->slots = mem_resize(net->slots, net->slots_len * sizeof *net->slots);
  memset(net->slots, 0xff, net->slots_len * sizeof *net->slots);
  for (size_t i = 0; i < net->streams_len; i++) place(net, (uint32_t)i);
}

static struct net_stream *stream_of(struct net *net, struct kept *kept, struct eddy_text key) {
  if (net->near < net->streams_len && is_of(&net->streams[net->near], kept, key)) return &net->streams[net->near];
  make_room(net);
  uint64_t hash = hash_of(kept, key);
  for (size_t slot = hash & (net->slots_len - 1); net->slots[slot] != NET_NONE;
       slot = (slot + 1) & (net->slots_len - 1)) {
    struct net_stream *stream = &net->streams[net->slots[slot]];
    if (stream->hash != hash || !is_of(stream, kept, key)) continue;
    net->near = net->slots[slot];
    return stream;
  }
  net->near = net->streams_len++;
  net->streams[net->near] = (struct net_stream){
      .kept = kept, .key = key, .hash = hash, .drops = {NET_NONE, NET_NONE}, .appends = {NET_NONE, NET_NONE}};
  place(net, (uint32_t)net->near);
  return &net->streams[net->near];
}

/* ---- changes ---- */

static void list_add(struct net *net, struct net_list *list, uint64_t seq, const char *at) {
  if (net->entries_len == net->entries_cap) {
    net->entries_cap = net->entries_cap * 2 + 1024;
    net->entries = mem_resize(net->entries, net->entries_cap * sizeof *net->entries);
  }
  uint32_t index = (uint32_t)net->entries_len++;
  net->entries[index] = (struct net_entry){.at = at, .seq = seq, .next = NET_NONE};
  if (list->first == NET_NONE)
    list->first = index;
  else
    net->entries[list->last].next = index;
  list->last = index;
}

static uint64_t base_seq(const struct net_stream *stream) {
  struct record base;
  batch_read(stream->base, &base);
  return base.seq;
}

static void trim(struct net *net, struct net_stream *stream, uint64_t seq) {
  if (seq > stream->trim) stream->trim = seq;
  if (stream->base && base_seq(stream) <= seq) stream->base = NULL;
  while (stream->appends.first != NET_NONE && net->entries[stream->appends.first].seq <= seq)
    stream->appends.first = net->entries[stream->appends.first].next;
}

/* What is beyond the trim may be in the database or among the appends: that shows when they are written. */
static void drop(struct net *net, struct net_stream *stream, uint64_t seq, const char *at) {
  if (stream->base && base_seq(stream) == seq)
    stream->base = NULL;
  else if (seq > stream->trim)
    list_add(net, &stream->drops, seq, at);
}

void net_add(struct net *net, const struct record *record, const char *at) {
  struct net_stream *stream = stream_of(net, record->kept, record->key);
  switch (record->kind) {
    case RECORD_REPLACE:
      trim(net, stream, record->seq - 1); /* its number is beyond all others */
      stream->clear = true;
      /* fall through */
    case RECORD_APPEND: list_add(net, &stream->appends, record->seq, at); break;
    case RECORD_COMPACT:
      trim(net, stream, record->seq);
      stream->base = at;
      break;
    case RECORD_TRIM: trim(net, stream, record->seq); break;
    case RECORD_DROP: drop(net, stream, record->seq, at); break;
    default: break;
  }
}
