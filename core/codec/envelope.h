/* A client message taken apart: the members that the protocol knows, as they were sent. Everything in the message has
 * been checked by then, the members that nobody knows too; what the known ones must be, wire_decode.c judges. */
#ifndef ED_CODEC_ENVELOPE_H
#define ED_CODEC_ENVELOPE_H

#include "base/buf.h"
#include "codec/cursor.h"
#include "codec/reader.h"

enum ed_field_kind { ED_FIELD_ABSENT, ED_FIELD_NULL, ED_FIELD_TEXT, ED_FIELD_NUMBER, ED_FIELD_MAP, ED_FIELD_OTHER };

struct ed_field {
  enum ed_field_kind kind;
  bool pieces;         /* TEXT: has escapes (JSON; raw is its inside), is in pieces (CBOR; raw is the whole item) */
  uint8_t head_len;    /* TEXT without pieces in CBOR: bytes of its head, which lies before the span */
  struct ed_span span; /* TEXT without pieces: its contents; otherwise the whole item */
};

enum ed_member_name {
  ED_MEMBER_TYPE,
  ED_MEMBER_SEQ,
  ED_MEMBER_KEY,
  ED_MEMBER_ACTION,
  ED_MEMBER_VALUE,
  ED_MEMBER_NONCE,
  ED_MEMBER_COUNT,
};

/* Members that only those know who speak eddy.v1. */
enum ed_v1_name { ED_V1_ID, ED_V1_EPOCH, ED_V1_KEYS, ED_V1_SUBSCRIBE, ED_V1_COUNT };

struct ed_envelope {
  struct ed_field members[ED_MEMBER_COUNT];
  struct ed_field action_type, action_seq; /* members of "action" */
  struct ed_buf *scratch;                 /* borrowed: where a name in pieces is put together */
  struct ed_field *v1;                    /* borrowed: ED_V1_COUNT fields, zeroed; NULL: nobody speaks eddy.v1 */
};

/* Longest name of a member, in bytes. */
#define ED_MEMBER_NAME_MAX 9

/* Where a member of the message (or of its action) belongs; NULL where nobody knows it. */
struct ed_field *ed_envelope_field(struct ed_envelope *envelope, struct ed_span name, bool in_action);

/* What a TEXT says: borrowed from the message; or put together in `scratch` (cleared first) where it is in pieces. */
struct ed_span ed_field_text(enum ed_encoding encoding, const struct ed_field *field, struct ed_buf *scratch);

/* What a checked CBOR item is to the protocol. */
struct ed_field ed_field_cbor(struct ed_span item);

/* Both take the one message apart that the cursor holds. 0, or -1 with the fault. `envelope` is zeroed by the caller,
 * but for what it borrows. Of a member that comes twice the last stays. */
int ed_envelope_json(struct ed_cursor *c, struct ed_envelope *envelope);
int ed_envelope_cbor(struct ed_cursor *c, struct ed_envelope *envelope);

#endif
