/* The protocol's messages: those that a client sends, made once and patched; and what it takes to read the server's. */
#include <stdlib.h>
#include <string.h>

#include "load.h"

#define TEXT 1
#define BINARY 2

static const uint8_t MASK[4] = {0x5a, 0xc3, 0x96, 0x3c};

size_t frame_make(uint8_t *out, unsigned opcode, const uint8_t *payload, size_t len) {
  size_t at = 0;
  out[at++] = (uint8_t)(0x80 | opcode);
  if (len < 126) {
    out[at++] = (uint8_t)(0x80 | len);
  } else if (len < 65536) {
    out[at++] = 0x80 | 126;
    out[at++] = (uint8_t)(len >> 8);
    out[at++] = (uint8_t)len;
  } else {
    out[at++] = 0x80 | 127;
    for (int shift = 56; shift >= 0; shift -= 8) out[at++] = (uint8_t)(len >> shift);
  }
  memcpy(out + at, MASK, 4);
  at += 4;
  for (size_t i = 0; i < len; i++) out[at + i] = payload[i] ^ MASK[i & 3];
  return at + len;
}

/* Messages as bytes. */
struct text {
  uint8_t bytes[70000];
  size_t len;
};

static void raw(struct text *text, const void *bytes, size_t len) {
  if (text->len + len > sizeof text->bytes) fail("a message of this size is not provided for");
  memcpy(text->bytes + text->len, bytes, len);
  text->len += len;
}

static void word(struct text *text, const char *json) { raw(text, json, strlen(json)); }

static void head(struct text *text, unsigned major, uint64_t n) { /* of a CBOR item */
  uint8_t bytes[9];
  size_t more = n < 24 ? 0 : n < 256 ? 1 : n < 65536 ? 2 : n >> 32 ? 8 : 4;
  bytes[0] = (uint8_t)(major << 5 | (more == 0 ? n : more == 1 ? 24 : more == 2 ? 25 : more == 4 ? 26 : 27));
  for (size_t i = 0; i < more; i++) bytes[1 + i] = (uint8_t)(n >> (8 * (more - 1 - i)));
  raw(text, bytes, 1 + more);
}

static void cbor_text(struct text *text, const char *word) {
  head(text, 3, strlen(word));
  raw(text, word, strlen(word));
}

static void value_put(struct text *text, enum encoding encoding, unsigned size) {
  char *value = grab(1, (size_t)size + 1);
  snprintf(value, MARK_LEN + 1, "~%05u.%02u.%010u~", 0U, 0U, 0U);
  for (size_t i = MARK_LEN; i < size - 2; i++) value[i] = (char)('a' + i % 26); /* less the quotes */
  value[size - 2] = 0;
  if (encoding == JSON) {
    word(text, "\"");
    word(text, value);
    word(text, "\"");
  } else {
    cbor_text(text, value);
  }
  free(value);
}

/* A push of k00; `seq` for a compact. */
static void push_text(struct text *text, enum encoding encoding, const char *action, uint64_t seq, unsigned size) {
  char number[32];
  bool compact = !strcmp(action, "compact");
  text->len = 0;
  if (encoding == JSON) {
    word(text, "{\"type\":\"push\",\"key\":\"k00\",\"action\":{\"type\":\"");
    word(text, action);
    snprintf(number, sizeof number, "\",\"seq\":%llu", (unsigned long long)seq);
    word(text, compact ? number : "\"");
    word(text, "},\"value\":");
    value_put(text, encoding, size);
    word(text, "}");
  } else {
    head(text, 5, 4);
    cbor_text(text, "type"), cbor_text(text, "push");
    cbor_text(text, "key"), cbor_text(text, "k00");
    cbor_text(text, "action"), head(text, 5, compact ? 2 : 1), cbor_text(text, "type"), cbor_text(text, action);
    if (compact) cbor_text(text, "seq"), head(text, 0, seq);
    cbor_text(text, "value"), value_put(text, encoding, size);
  }
}

static size_t framed(uint8_t *out, enum encoding encoding, const struct text *text) {
  return frame_make(out, encoding == JSON ? TEXT : BINARY, text->bytes, text->len);
}

static void digits(char *at, unsigned count, uint64_t n) {
  for (unsigned i = count; i-- > 0; n /= 10) at[i] = (char)('0' + n % 10);
}

static void patch(uint8_t *frame, size_t payload_at, size_t at, const char *bytes, size_t len) {
  for (size_t i = 0; i < len; i++) frame[payload_at + at + i] = (uint8_t)bytes[i] ^ MASK[(at + i) & 3];
}

size_t compact_make(uint8_t *out, enum encoding encoding, unsigned key, uint64_t seq, unsigned size) {
  static struct text text;
  char name[KEY_LEN + 1];
  push_text(&text, encoding, "compact", seq, size);
  snprintf(name, sizeof name, "k%02u", key % KEYS_MAX);
  uint8_t *at = memmem(text.bytes, text.len, "k00", KEY_LEN);
  memcpy(at, name, KEY_LEN);
  return framed(out, encoding, &text);
}

size_t get_make(uint8_t *out, enum encoding encoding, unsigned key, bool subscribe_only) {
  static struct text text;
  char name[KEY_LEN + 1], json[80];
  snprintf(name, sizeof name, "k%02u", key % KEYS_MAX);
  snprintf(json, sizeof json, "{\"type\":\"get\",\"key\":\"%s\",\"seq\":%s}", name, subscribe_only ? "null" : "0");
  text.len = 0;
  if (encoding == JSON) {
    word(&text, json);
  } else {
    head(&text, 5, 3);
    cbor_text(&text, "type"), cbor_text(&text, "get");
    cbor_text(&text, "key"), cbor_text(&text, name);
    cbor_text(&text, "seq"), raw(&text, subscribe_only ? "\xf6" : "\0", 1);
  }
  return framed(out, encoding, &text);
}

size_t ping_make(uint8_t *out, enum encoding encoding, unsigned nonce) {
  static struct text text;
  char json[80];
  snprintf(json, sizeof json, "{\"type\":\"ping\",\"nonce\":%u}", nonce);
  text.len = 0;
  if (encoding == JSON) {
    word(&text, json);
  } else {
    head(&text, 5, 2);
    cbor_text(&text, "type"), cbor_text(&text, "ping"), cbor_text(&text, "nonce"), head(&text, 0, nonce);
  }
  return framed(out, encoding, &text);
}

void push_make(struct push *push, enum encoding encoding, const char *action, unsigned size) {
  static struct text text;
  push_text(&text, encoding, action, 0, size);
  push->frame = grab(1, text.len + 14);
  push->len = framed(push->frame, encoding, &text);
  size_t payload_at = push->len - text.len;
  push->key_at = payload_at + (size_t)((uint8_t *)memmem(text.bytes, text.len, "k00", KEY_LEN) - text.bytes);
  push->mark_at = payload_at + (size_t)((uint8_t *)memmem(text.bytes, text.len, "~00000.", 7) - text.bytes);
}

void push_put(const struct push *push, uint8_t *out, unsigned publisher, unsigned key, uint64_t number) {
  char mark[MARK_LEN], name[KEY_LEN] = {'k'};
  size_t payload_at = push->frame[1] == (0x80 | 126) ? 8 : push->frame[1] == (0x80 | 127) ? 14 : 6;
  memcpy(out, push->frame, push->len);
  digits(name + 1, 2, key);
  patch(out, payload_at, push->key_at - payload_at, name, KEY_LEN);
  mark[0] = mark[MARK_LEN - 1] = '~';
  mark[6] = mark[9] = '.';
  digits(mark + 1, 5, publisher);
  digits(mark + 7, 2, key);
  digits(mark + 10, NUMBER_DIGITS, number);
  patch(out, payload_at, push->mark_at - payload_at, mark, MARK_LEN);
}

/* Reading. */

static bool parse_digits(const uint8_t *at, unsigned count, uint64_t *n) {
  for (*n = 0; count > 0; count--, at++) {
    if (*at < '0' || *at > '9') return false;
    *n = *n * 10 + (uint64_t)(*at - '0');
  }
  return true;
}

static void read_mark(const uint8_t *payload, size_t len, struct seen *seen) {
  const uint8_t *at = payload, *end = payload + len;
  while (at + MARK_LEN <= end && (at = memchr(at, '~', (size_t)(end - at) - MARK_LEN + 1))) {
    uint64_t publisher, key;
    if (parse_digits(at + 1, 5, &publisher) && parse_digits(at + 7, 2, &key) &&
        parse_digits(at + 10, NUMBER_DIGITS, &seen->number) && at[MARK_LEN - 1] == '~') {
      seen->publisher = (unsigned)publisher;
      seen->key = (unsigned)key;
      seen->marked = true;
      return;
    }
    at++;
  }
}

static enum kind kind_of(const char *word, size_t len) {
  static const struct {
    const char *word;
    enum kind kind;
  } KINDS[] = {{"push", KIND_PUSH},
               {"init", KIND_INIT},
               {"stream_size", KIND_STREAM_SIZE},
               {"pong", KIND_PONG},
               {"error", KIND_ERROR}};
  for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++)
    if (strlen(KINDS[i].word) == len && !memcmp(KINDS[i].word, word, len)) return KINDS[i].kind;
  return KIND_OTHER;
}

/* The number behind the last `"NAME":` of a message; 0 where there is none. */
static uint64_t json_number(const uint8_t *payload, size_t len, const char *name) {
  size_t name_len = strlen(name);
  for (size_t at = len < name_len ? 0 : len - name_len + 1; at-- > 0;) {
    if (payload[at] == '"' && !memcmp(payload + at, name, name_len)) {
      uint64_t n = 0;
      for (at += name_len; at < len && (payload[at] == ' ' || (payload[at] >= '0' && payload[at] <= '9')); at++)
        if (payload[at] != ' ') n = n * 10 + (uint64_t)(payload[at] - '0');
      return n;
    }
  }
  return 0;
}

static void read_json(const uint8_t *payload, size_t len, struct seen *seen) {
  const uint8_t *at = memmem(payload, len < 64 ? len : 64, "\"type\":\"", 8); /* every server here says it first */
  if (!at) return;
  at += 8;
  const uint8_t *end = memchr(at, '"', len - (size_t)(at - payload));
  if (!end) return;
  seen->kind = kind_of((const char *)at, (size_t)(end - at));
  if (seen->kind == KIND_PUSH) seen->seq = json_number(payload, len, "\"seq\":");
  if (seen->kind == KIND_STREAM_SIZE) seen->size = json_number(payload, len, "\"size\":");
  uint64_t key;
  if (seen->kind == KIND_STREAM_SIZE && (at = memmem(payload, len, "\"key\":\"k", 8)) && at + 10 <= payload + len &&
      parse_digits(at + 8, 2, &key)) {
    seen->key = (unsigned)key;
  }
}

/* The head of an item, and the item's length where it is no container; 0: cut off, or not provided for. */
static size_t cbor_item(const uint8_t *at, size_t len, unsigned *major, uint64_t *n) {
  if (len < 1) return 0;
  unsigned info = at[0] & 31;
  size_t more = info < 24 ? 0 : info < 28 ? (size_t)1 << (info - 24) : 99;
  if (1 + more > len) return 0;
  *major = at[0] >> 5;
  *n = info;
  if (more) *n = 0;
  for (size_t i = 0; i < more; i++) *n = *n << 8 | at[1 + i];
  size_t whole = 1 + more + (*major == 2 || *major == 3 ? (size_t)*n : 0);
  return whole > len ? 0 : whole;
}

static void read_cbor(const uint8_t *payload, size_t len, struct seen *seen) {
  unsigned major;
  uint64_t pairs, n;
  size_t at = cbor_item(payload, len, &major, &pairs);
  if (!at || major != 5) return;
  for (; pairs > 0; pairs--) {
    size_t name_len = cbor_item(payload + at, len - at, &major, &n);
    if (!name_len || major != 3) return;
    const char *name = (const char *)payload + at + name_len - n, *word;
    size_t word_len = n, item = cbor_item(payload + at + name_len, len - at - name_len, &major, &n);
    at += name_len;
    if (!item) return;
    word = (const char *)payload + at + item - n;
    if (word_len == 4 && !memcmp(name, "type", 4) && major == 3) seen->kind = kind_of(word, n);
    if (word_len == 3 && !memcmp(name, "seq", 3) && major == 0) seen->seq = n;
    if (word_len == 4 && !memcmp(name, "size", 4) && major == 0) seen->size = n;
    if (word_len == 3 && !memcmp(name, "key", 3) && major == 3 && n == KEY_LEN) {
      uint64_t key;
      if (parse_digits((const uint8_t *)word + 1, 2, &key)) seen->key = (unsigned)key;
    }
    at += item;
    if (seen->kind == KIND_INIT) return; /* an array follows, which nobody asks about */
  }
}

void frame_read(enum encoding encoding, const uint8_t *payload, size_t len, struct seen *seen) {
  *seen = (struct seen){.key = KEYS_MAX};
  if (encoding == JSON) {
    read_json(payload, len, seen);
  } else {
    read_cbor(payload, len, seen);
  }
  if (seen->kind == KIND_PUSH) read_mark(payload, len, seen);
}
