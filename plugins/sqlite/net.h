/* What the changes of a list of batches come to, stream by stream: what one of them put in and a later one took out
 * again is never written, and of many trims only the furthest is made. All of it lands in one transaction, so nobody
 * can tell. */
#ifndef SQLITE_NET_H
#define SQLITE_NET_H

#include "batch.h"

#define NET_NONE UINT32_MAX

/* A change that stands: a message to be written, or one of before the list that is to go. */
struct net_entry {
  const char *at; /* the record in its batch */
  uint64_t seq;   /* its number: a batch is large, and not to be looked at twice */
  uint32_t next;  /* NET_NONE: the last one */
};

struct net_list { /* of entries */
  uint32_t first, last;
};

/* What happens to a stream, in this order. */
struct net_stream {
  struct kept *kept;
  struct eddy_text key; /* in a batch */
  uint64_t hash;
  uint64_t trim;           /* what the database has up to here goes; 0: nothing */
  bool clear;              /* and in any case everything */
  struct net_list drops;   /* these go, all beyond `trim`; in any order; some may be among `appends` */
  const char *base;        /* this comes in, with its number, in front; NULL: nothing */
  struct net_list appends; /* and these behind all else, numbers rising */
};

struct net {
  struct net_stream *streams;
  struct net_entry *entries;
  uint32_t *slots; /* of the streams by hash; NET_NONE: free */
  size_t streams_len, streams_cap, entries_len, entries_cap, slots_len;
  size_t near; /* the stream of the change before */
};

/* Empty again, with memory for the next list. */
void net_clear(struct net *net);
void net_deinit(struct net *net);

/* One of RECORD_APPEND to RECORD_DROP, which stands at `at` in a batch that outlives the next net_clear. */
void net_add(struct net *net, const struct record *record, const char *at);

#endif
