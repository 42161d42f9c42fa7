/* One pull reader for a JSON text (RFC 8259, strict) and a CBOR data item (RFC 8949): tokens in document order,
 * straight from the bytes, no tree, no allocation, no recursion. It transcodes, and hands values to scripts. The way of
 * a message does without it: see ed_json_skip and ed_cbor_skip, which accept exactly what it accepts. */
#ifndef ED_CODEC_READER_H
#define ED_CODEC_READER_H

#include "codec/cursor.h"

enum ed_encoding { ED_JSON, ED_CBOR };

enum ed_token_kind {
  ED_TOKEN_END,       /* the item is complete, and nothing follows it */
  ED_TOKEN_NULL,      /* JSON null, CBOR f6 */
  ED_TOKEN_UNDEFINED, /* CBOR f7, and other simple values without a meaning here */
  ED_TOKEN_FALSE,
  ED_TOKEN_TRUE,
  ED_TOKEN_UINT,   /* uint: 0 to 2^64-1 */
  ED_TOKEN_NINT,   /* uint: n of the value -1-n, as CBOR has it */
  ED_TOKEN_DOUBLE, /* number; from JSON: has a fraction or an exponent, or is -0, or an integer beyond the above */
  ED_TOKEN_TEXT,   /* text; from CBOR it may come in pieces: `more` is set on all but the last of one string */
  ED_TOKEN_BYTES,  /* text; a CBOR byte string, in pieces likewise */
  ED_TOKEN_ARRAY,  /* begins; its elements follow, then ED_TOKEN_ARRAY_END */
  ED_TOKEN_MAP,    /* begins; key, value, key, value, then ED_TOKEN_MAP_END. From JSON a key is a TEXT token */
  ED_TOKEN_ARRAY_END,
  ED_TOKEN_MAP_END,
  ED_TOKEN_TAG, /* uint: the CBOR tag of the item that follows, which has the same place */
};

enum ed_place { ED_PLACE_TOP, ED_PLACE_ELEMENT, ED_PLACE_KEY, ED_PLACE_VALUE };

struct ed_token {
  enum ed_token_kind kind;
  enum ed_place place; /* what the item is to what is around it. (Not of END, ARRAY_END and MAP_END) */
  bool first;          /* ELEMENT, KEY: the first of its container */
  bool escaped;        /* TEXT from JSON: `text` is the inside of the quotes and has escapes; see ed_json_unescape */
  bool more;           /* TEXT, BYTES: another piece of the same string follows */
  uint64_t uint;       /* UINT, NINT, TAG */
  bool big;            /* DOUBLE from JSON: an integer beyond UINT and NINT; `text` has all its digits */
  double number;       /* DOUBLE */
  struct ed_span text; /* TEXT, BYTES: contents, valid UTF-8 for TEXT (each piece by itself); borrowed from the input.
                          JSON numbers (UINT, NINT, DOUBLE): the text as it was sent */
};

/* A container that is open. */
struct ed_reader_level {
  uint64_t left;   /* CBOR: items to come, or, where nobody said how many, those that came modulo two */
  uint8_t kind;    /* enum ed_token_kind: ARRAY, MAP or TAG */
  bool indefinite; /* CBOR */
};

/* On the caller's stack (about 17 KB, most of it never touched). Nothing to release. Not to be moved. */
struct ed_reader {
  struct ed_fault fault; /* what is wrong, once ed_reader_next gave -1 */
  enum ed_encoding encoding;
  struct ed_cursor cursor;
  unsigned level;      /* containers and tags open; read it to know the depth */
  bool fresh;          /* the innermost container has just been opened */
  bool done;           /* the one item is complete */
  bool value_due;      /* JSON: a key was given, its value has not */
  uint8_t pieces_of;   /* CBOR: kind of the string in pieces that is being read, or 0 */
  enum ed_place place; /* CBOR: of the item at hand; tags keep it for what they tag */
  bool first;          /* likewise */
  struct ed_reader_level levels[ED_DEPTH_MAX];
};

/* Begins at the front of `bytes`, which must stay as they are while the reader is used. `depth_max`: containers (and
 * CBOR tags) that may be open at once, at most ED_DEPTH_MAX. */
void ed_reader_init(struct ed_reader *reader, enum ed_encoding encoding, struct ed_span bytes, unsigned depth_max);

/* The next token. 0; or -1, with reader->fault, for good: do not call again. After ED_TOKEN_END it stays that. */
int ed_reader_next(struct ed_reader *reader, struct ed_token *token);

#endif
