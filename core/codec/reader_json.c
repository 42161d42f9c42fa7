#include "codec/json.h"
#include "codec/json_scan.h"
#include "codec/reader_private.h"

static int fail(struct ed_reader *reader, const char *what) {
  return ed_cursor_fail(&reader->cursor, reader->cursor.at, what);
}

static int number(struct ed_reader *reader, struct ed_token *token) {
  bool integer;
  if (ed_json_number(&reader->cursor, &token->text, &integer) < 0) return -1;
  switch (ed_json_parse_number(token->text, &token->uint, &token->number)) {
    case ED_NUMBER_UINT: token->kind = ED_TOKEN_UINT; break;
    case ED_NUMBER_NINT: token->kind = ED_TOKEN_NINT; break;
    case ED_NUMBER_BIG: token->big = true; /* fall through */
    case ED_NUMBER_DOUBLE: token->kind = ED_TOKEN_DOUBLE; break;
  }
  return 0;
}

static int word(struct ed_reader *reader, struct ed_token *token) {
  uint8_t first = reader->cursor.at < reader->cursor.end ? *reader->cursor.at : 0;
  token->kind = first == 't' ? ED_TOKEN_TRUE : first == 'f' ? ED_TOKEN_FALSE : ED_TOKEN_NULL;
  return ed_json_word(&reader->cursor);
}

static int open_container(struct ed_reader *reader, struct ed_token *token, enum ed_token_kind kind) {
  if (reader->level >= reader->cursor.depth_max) return ed_cursor_too_deep(&reader->cursor);
  reader->cursor.at++;
  reader->levels[reader->level++].kind = (uint8_t)kind;
  reader->fresh = true;
  token->kind = kind;
  return 0;
}

static void close_container(struct ed_reader *reader, struct ed_token *token) {
  reader->cursor.at++;
  reader->level--;
  token->kind = reader->levels[reader->level].kind == ED_TOKEN_MAP ? ED_TOKEN_MAP_END : ED_TOKEN_ARRAY_END;
  reader->fresh = false;
  reader->done = reader->level == 0;
}

static int value(struct ed_reader *reader, struct ed_token *token) {
  uint8_t first = ed_json_peek(&reader->cursor);
  reader->fresh = reader->value_due = false;
  if (first == '{') return open_container(reader, token, ED_TOKEN_MAP);
  if (first == '[') return open_container(reader, token, ED_TOKEN_ARRAY);
  reader->done = reader->level == 0;
  if (first == '"') {
    token->kind = ED_TOKEN_TEXT;
    return ed_json_string(&reader->cursor, &token->text, &token->escaped);
  }
  if (first == '-' || (first >= '0' && first <= '9')) return number(reader, token);
  return word(reader, token);
}

int ed_reader_next_json(struct ed_reader *reader, struct ed_token *token) {
  *token = (struct ed_token){.kind = ED_TOKEN_END};
  if (reader->done) {
    ed_json_peek(&reader->cursor);
    return reader->cursor.at == reader->cursor.end ? 0 : fail(reader, "invalid JSON: more follows its end");
  }
  if (reader->level == 0) return value(reader, token);
  if (reader->value_due) {
    token->place = ED_PLACE_VALUE;
    return value(reader, token);
  }
  bool map = reader->levels[reader->level - 1].kind == ED_TOKEN_MAP;
  uint8_t next = ed_json_peek(&reader->cursor);
  if (next == (map ? '}' : ']')) {
    close_container(reader, token);
    return 0;
  }
  if (!reader->fresh) {
    if (next != ',') return fail(reader, "invalid JSON: a comma or the end of what is open is missing");
    reader->cursor.at++;
  }
  token->first = reader->fresh;
  token->place = map ? ED_PLACE_KEY : ED_PLACE_ELEMENT;
  if (!map) return value(reader, token);
  token->kind = ED_TOKEN_TEXT;
  reader->fresh = false;
  reader->value_due = true;
  return ed_json_key(&reader->cursor, &token->text, &token->escaped);
}
