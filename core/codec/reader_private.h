/* The two halves of the reader. */
#ifndef ED_CODEC_READER_PRIVATE_H
#define ED_CODEC_READER_PRIVATE_H

#include "codec/reader.h"

int ed_reader_next_json(struct ed_reader *reader, struct ed_token *token);
int ed_reader_next_cbor(struct ed_reader *reader, struct ed_token *token);

#endif
