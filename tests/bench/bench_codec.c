/* What a message of 205 bytes costs in the codec, in nanoseconds (the best of several rounds), and how the library
 * functions that could do the same compare. Ratios hold on other machines, nanoseconds do not. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "codec/cbor.h"
#include "codec/json.h"
#include "codec/wire.h"

static const char message[] =
    "{\"type\":\"push\",\"key\":\"shapes\",\"action\":{\"type\":\"append\"},\"value\":{\"apply\":{\"op\":\"move\","
    "\"id\":"
    "\"b3f1c9d2\",\"x\":412.5,\"y\":-87.25,\"points\":[1,22,333,4444],\"label\":\"gr\xc3\xb6\xc3\x9f"
    "er\",\"on\":true,"
    "\"by\":null},\"i\":\"x8Kd02mQ\"}}";

struct subject {
  struct ed_span json, cbor, json_value, cbor_value;
  struct ed_buf out, scratch;
};

typedef size_t bench_fn(struct subject *subject); /* returns something of its result, so that nothing is left out */

static size_t decode(struct subject *s, enum ed_encoding encoding) {
  static const struct ed_wire_limits limits = {.depth = 128, .key = 1024};
  struct ed_request request;
  struct ed_fault fault;
  if (ed_wire_decode(encoding, encoding == ED_JSON ? s->json : s->cbor, &limits, &s->scratch, &request, &fault) < 0) {
    fprintf(stderr, "%s\n", fault.text);
    exit(1);
  }
  return request.value.len;
}

static size_t read_all(enum ed_encoding encoding, struct ed_span bytes) {
  static struct ed_reader reader;
  struct ed_token token;
  size_t count = 0;
  ed_reader_init(&reader, encoding, bytes, 128);
  while (ed_reader_next(&reader, &token) == 0 && token.kind != ED_TOKEN_END) count++;
  return count;
}

static size_t decode_json(struct subject *s) { return decode(s, ED_JSON); }
static size_t decode_cbor(struct subject *s) { return decode(s, ED_CBOR); }
static size_t read_json(struct subject *s) { return read_all(ED_JSON, s->json); }
static size_t read_cbor(struct subject *s) { return read_all(ED_CBOR, s->cbor); }

static size_t skip_json(struct subject *s) {
  struct ed_cursor c = ed_cursor(s->json, 128, NULL);
  return (size_t)ed_json_skip(&c, 0);
}

static size_t skip_cbor(struct subject *s) {
  struct ed_cursor c = ed_cursor(s->cbor, 128, NULL);
  return (size_t)ed_cbor_skip(&c, 0);
}

static size_t tree_json(struct subject *s) {
  json_t *tree = json_loadb((const char *)s->json.at, s->json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
  size_t size = json_object_size(tree);
  json_decref(tree);
  return size;
}

static size_t push_json(struct subject *s) {
  s->out.len = 0;
  ed_wire_push(&s->out, ED_JSON, ED_LIT("shapes"), s->json_value, 123456);
  return s->out.len;
}

static size_t push_cbor(struct subject *s) {
  s->out.len = 0;
  ed_wire_push(&s->out, ED_CBOR, ED_LIT("shapes"), s->cbor_value, 123456);
  return s->out.len;
}

static size_t json_to_cbor(struct subject *s) {
  s->out.len = 0;
  ed_wire_transcode(ED_JSON, s->json_value, &s->out);
  return s->out.len;
}

static size_t cbor_to_json(struct subject *s) {
  s->out.len = 0;
  ed_wire_transcode(ED_CBOR, s->cbor_value, &s->out);
  return s->out.len;
}

static double now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static double measure(bench_fn *fn, struct subject *subject) {
  enum { CALLS = 5000 };
  volatile size_t sink = 0;
  double start = now_ns();
  for (int i = 0; i < CALLS; i++) sink += fn(subject);
  return (now_ns() - start) / CALLS;
}

int main(void) {
  static const struct {
    const char *what;
    bench_fn *fn;
  } rows[] = {
      {"JSON  ed_wire_decode", decode_json},
      {"JSON  ed_json_skip", skip_json},
      {"JSON  ed_reader", read_json},
      {"JSON  json_loadb (jansson)", tree_json},
      {"JSON  ed_wire_push", push_json},
      {"JSON  to CBOR (the value)", json_to_cbor},
      {"CBOR  ed_wire_decode", decode_cbor},
      {"CBOR  ed_cbor_skip", skip_cbor},
      {"CBOR  ed_reader (libcbor)", read_cbor},
      {"CBOR  ed_wire_push", push_cbor},
      {"CBOR  to JSON (the value)", cbor_to_json},
  };
  struct ed_buf cbor = {0}, cbor_value = {0};
  struct subject subject = {.json = ed_span_text(message)};
  static const struct ed_wire_limits limits = {.depth = 128, .key = 1024};
  struct ed_request request;
  if (ed_wire_decode(ED_JSON, subject.json, &limits, &subject.scratch, &request, NULL) < 0) return 1;
  ed_wire_transcode(ED_JSON, subject.json, &cbor);
  ed_wire_transcode(ED_JSON, request.value, &cbor_value);
  subject.cbor = ed_buf_span(&cbor);
  subject.json_value = request.value;
  subject.cbor_value = ed_buf_span(&cbor_value);
  printf("a message of %zu bytes of JSON, %zu of CBOR\n", subject.json.len, subject.cbor.len);
  enum { COUNT = sizeof rows / sizeof *rows, ROUNDS = 60 };
  double best[COUNT];
  for (int round = 0; round < ROUNDS; round++) { /* in turn, so that a slow moment of the machine meets all of them */
    for (size_t i = 0; i < COUNT; i++) {
      double each = measure(rows[i].fn, &subject);
      if (round == 0 || each < best[i]) best[i] = each;
    }
  }
  for (size_t i = 0; i < COUNT; i++) printf("%-30s %8.1f ns\n", rows[i].what, best[i]);
  ed_buf_deinit(&cbor), ed_buf_deinit(&cbor_value), ed_buf_deinit(&subject.out), ed_buf_deinit(&subject.scratch);
  return 0;
}
