/* The list of keys of a resume while it is decoded; for the files of this folder. */
#ifndef ED_CODEC_WIRE_KEYS_H
#define ED_CODEC_WIRE_KEYS_H

#include "codec/envelope.h"
#include "codec/wire.h"

/* Whether the field is a list, of whatever. */
bool ed_wire_list(enum ed_encoding encoding, const struct ed_field *field);

/* Whether all in request->keys, a list, are keys, and no more than allowed. 0, or -1 with the fault. */
int ed_wire_keys_check(const struct ed_request *request, const struct ed_wire_limits *limits, struct ed_buf *scratch,
                       struct ed_fault *fault);

#endif
