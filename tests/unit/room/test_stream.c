/* core/room/stream: the actions as pure changes of what is retained, and who hears it. */
#include "room/stream.h"

#include <inttypes.h>
#include <stdio.h>

#include "main.h"

static struct ed_msg *msg(uint64_t seq, const char *value) {
  return ed_msg_new(seq, ED_JSON, ed_span_text(value));
}

/* "1@5 2@6" */
static const char *retained(const struct ed_stream *stream) {
  static char text[1000];
  int len = 0;
  uint64_t bytes = 0;
  text[0] = 0;
  for (size_t i = 0; i < stream->len; i++) {
    struct ed_msg *at = ed_stream_at(stream, i);
    bytes += at->len;
    len += snprintf(text + len, sizeof text - (size_t)len, "%s%.*s@%" PRIu64, i ? " " : "", (int)at->len,
                    (const char *)at->value, at->seq);
  }
  ck_assert_uint_eq(bytes, stream->bytes);
  return text;
}

static struct ed_stream *stream_of(size_t count) {
  struct ed_stream *stream = ed_stream_new(NULL, ED_LIT("key"));
  for (size_t i = 1; i <= count; i++) ed_stream_append(stream, msg(i, "x"));
  return stream;
}

START_TEST(keys) {
  struct ed_stream *stream = ed_stream_new(NULL, ED_LIT("a\0b"));
  ck_assert(ed_span_equal(ed_stream_key(stream), ED_LIT("a\0b")));
  ed_stream_free(stream);
  stream = ed_stream_new(NULL, ed_span(NULL, 0));
  ck_assert_uint_eq(ed_stream_key(stream).len, 0);
  ck_assert_str_eq(stream->key, "");
  ed_stream_free(stream);
}
END_TEST

START_TEST(append_and_replace) {
  struct ed_stream *stream = stream_of(0);
  ed_stream_append(stream, msg(3, "a"));
  ed_stream_append(stream, msg(9, "bb"));
  ck_assert_str_eq(retained(stream), "a@3 bb@9");
  ed_stream_replace(stream, msg(10, "ccc"));
  ck_assert_str_eq(retained(stream), "ccc@10");
  ed_stream_replace(stream, msg(11, "d"));
  ck_assert_str_eq(retained(stream), "d@11");
  ed_stream_append(stream, msg(12, "e"));
  ck_assert_str_eq(retained(stream), "d@11 e@12");
  ed_stream_free(stream);
}
END_TEST

START_TEST(after) {
  struct ed_stream *stream = stream_of(0);
  ck_assert_uint_eq(ed_stream_after(stream, 0), 0);
  static const uint64_t seqs[] = {2, 3, 7, 8, 20};
  for (size_t i = 0; i < 5; i++) ed_stream_append(stream, msg(seqs[i], "x"));
  for (uint64_t seq = 0; seq < 25; seq++) {
    size_t want = 0;
    while (want < 5 && seqs[want] <= seq) want++;
    ck_assert_uint_eq(ed_stream_after(stream, seq), want);
  }
  ck_assert_uint_eq(ed_stream_after(stream, UINT64_MAX), 5);
  ed_stream_free(stream);
}
END_TEST

START_TEST(compact_in_the_middle) {
  struct ed_stream *stream = stream_of(5);
  ck_assert(ed_stream_compact(stream, msg(3, "base")));
  ck_assert_str_eq(retained(stream), "base@3 x@4 x@5");
  ck_assert(ed_stream_compact(stream, msg(4, "next")));
  ck_assert_str_eq(retained(stream), "next@4 x@5");
  ck_assert(ed_stream_compact(stream, msg(4, "same"))); /* at the base: in its place */
  ck_assert_str_eq(retained(stream), "same@4 x@5");
  ck_assert(!ed_stream_compact(stream, msg(3, "late"))); /* behind it: nothing */
  ck_assert_str_eq(retained(stream), "same@4 x@5");
  ck_assert(ed_stream_compact(stream, msg(9, "all")));
  ck_assert_str_eq(retained(stream), "all@9");
  ck_assert(!ed_stream_compact(stream, msg(8, "late")));
  ck_assert_str_eq(retained(stream), "all@9");
  ed_stream_free(stream);
}
END_TEST

START_TEST(compact_in_front) {
  struct ed_stream *stream = stream_of(0);
  ed_stream_append(stream, msg(5, "a"));
  ed_stream_append(stream, msg(6, "b"));
  ck_assert(ed_stream_compact(stream, msg(4, "base"))); /* of another key's time: all is newer */
  ck_assert_str_eq(retained(stream), "base@4 a@5 b@6");
  ck_assert(!ed_stream_compact(stream, msg(3, "late")));
  ed_stream_replace(stream, msg(7, "c")); /* what replaces is no base */
  ck_assert(ed_stream_compact(stream, msg(2, "base")));
  ck_assert_str_eq(retained(stream), "base@2 c@7");
  ed_stream_free(stream);

  stream = stream_of(0);
  ck_assert(ed_stream_compact(stream, msg(4, "base"))); /* of nothing */
  ck_assert_str_eq(retained(stream), "base@4");
  ck_assert_uint_eq(stream->base, 4);
  ed_stream_free(stream);
}
END_TEST

START_TEST(drop_front) {
  struct ed_stream *stream = stream_of(4);
  ck_assert(ed_stream_compact(stream, msg(2, "base")));
  ed_stream_drop_front(stream, 0);
  ck_assert_uint_eq(stream->base, 2);
  ed_stream_drop_front(stream, 1);
  ck_assert_str_eq(retained(stream), "x@3 x@4");
  ck_assert_uint_eq(stream->base, 0);
  ed_stream_drop_front(stream, 2);
  ck_assert_str_eq(retained(stream), "");
  ck_assert_ptr_null(stream->msgs); /* no memory for nothing */
  ed_stream_append(stream, msg(9, "y"));
  ck_assert_str_eq(retained(stream), "y@9");
  ed_stream_free(stream);
}
END_TEST

START_TEST(drop_at) {
  struct ed_stream *stream = stream_of(5);
  ck_assert(ed_stream_compact(stream, msg(2, "base")));
  ed_stream_drop_at(stream, 2);
  ck_assert_str_eq(retained(stream), "base@2 x@3 x@5");
  ck_assert_uint_eq(stream->base, 2);
  ed_stream_drop_at(stream, 2);
  ck_assert_str_eq(retained(stream), "base@2 x@3");
  ed_stream_drop_at(stream, 0);
  ck_assert_str_eq(retained(stream), "x@3");
  ck_assert_uint_eq(stream->base, 0);
  ed_stream_drop_at(stream, 0);
  ck_assert_ptr_null(stream->msgs);
  ed_stream_append(stream, msg(6, "y"));
  ck_assert_str_eq(retained(stream), "y@6");
  ed_stream_free(stream);
}
END_TEST

START_TEST(references) {
  struct ed_stream *stream = stream_of(0);
  struct ed_msg *kept[6];
  for (uint64_t i = 0; i < 6; i++) kept[i] = ed_msg_ref(msg(i + 1, "x"));
  for (size_t i = 0; i < 3; i++) ed_stream_append(stream, kept[i]);
  ck_assert(ed_stream_compact(stream, kept[3])); /* four of four go, and it comes */
  ck_assert(ed_stream_compact(stream, kept[4]));
  ed_stream_replace(stream, kept[5]);
  for (size_t i = 0; i < 6; i++) ck_assert_uint_eq(kept[i]->refs, i == 5 ? 2 : 1);
  ed_stream_free(stream);
  for (size_t i = 0; i < 6; i++) {
    ck_assert_uint_eq(kept[i]->refs, 1);
    ed_msg_unref(kept[i]);
  }
}
END_TEST

/* ---- random operations against an array ---- */

struct model {
  uint64_t seqs[400];
  size_t len;
  uint64_t base;
};

static uint32_t dice(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

static void model_drop(struct model *model, size_t count) {
  memmove(model->seqs, model->seqs + count, (model->len - count) * sizeof *model->seqs);
  model->len -= count;
  if (count) model->base = 0;
}

static bool model_compact(struct model *model, uint64_t seq) {
  if (seq < model->base) return false;
  size_t gone = 0;
  while (gone < model->len && model->seqs[gone] <= seq) gone++;
  model_drop(model, gone);
  memmove(model->seqs + 1, model->seqs, model->len * sizeof *model->seqs);
  model->seqs[0] = model->base = seq;
  model->len++;
  return true;
}

static void model_check(const struct model *model, const struct ed_stream *stream) {
  ck_assert_uint_eq(stream->len, model->len);
  ck_assert_uint_eq(stream->base, model->base);
  uint64_t bytes = 0;
  for (size_t i = 0; i < model->len; i++) {
    if (ed_stream_at(stream, i)->seq != model->seqs[i]) ck_abort_msg("another message at %zu", i); /* quick where right */
    bytes += ed_stream_at(stream, i)->len;
  }
  ck_assert_uint_eq(stream->bytes, bytes);
}

START_TEST(random_run) {
  static const char value[] = "0123456789";
  struct ed_stream *stream = stream_of(0);
  struct model model = {0};
  uint32_t state = 0xbeef;
  uint64_t seq = 0;
  for (int step = 0; step < 50000; step++) {
    uint32_t what = dice(&state) % 64;
    struct ed_span text = ed_span(value, dice(&state) % 10);
    if (what < 48 && model.len < 300) {
      ed_stream_append(stream, ed_msg_new(++seq, ED_JSON, text));
      model.seqs[model.len++] = seq;
    } else if (what < 49) {
      ed_stream_replace(stream, ed_msg_new(++seq, ED_JSON, text));
      model_drop(&model, model.len);
      model.base = 0;
      model.seqs[model.len++] = seq;
    } else if (what < 60 && seq) {
      uint64_t at = seq - dice(&state) % (seq < 120 ? (uint32_t)seq : 120);
      size_t count;
      uint64_t bytes;
      ed_stream_compacted_size(stream, at, text.len, &count, &bytes);
      bool done = ed_stream_compact(stream, ed_msg_new(at, ED_JSON, text));
      ck_assert_int_eq(done, model_compact(&model, at));
      if (done) ck_assert(count == stream->len && bytes == stream->bytes);
    } else {
      size_t count = dice(&state) % (model.len + 1) / 4;
      ed_stream_drop_front(stream, count);
      model_drop(&model, count);
    }
    model_check(&model, stream);
  }
  ed_stream_free(stream);
}
END_TEST

/* ---- the audience ---- */

#define MEMBERS 12
#define STREAMS 9

/* Who hears what, as a table; after every step the two sides must agree with it and with each other. */
START_TEST(audience_random_run) {
  struct ed_member members[MEMBERS] = {0};
  struct ed_stream *heard[STREAMS];
  bool table[MEMBERS][STREAMS] = {0};
  uint32_t state = 0xfeed;
  for (size_t i = 0; i < MEMBERS; i++) members[i].encoding = i % 3 ? ED_JSON : ED_CBOR;
  for (size_t k = 0; k < STREAMS; k++) heard[k] = stream_of(0);
  for (int step = 0; step < 20000; step++) {
    size_t i = dice(&state) % MEMBERS, k = dice(&state) % STREAMS, found = 999;
    ck_assert_int_eq(ed_audience_find(heard[k], &members[i], &found), table[i][k]);
    if (table[i][k])
      ed_audience_remove(&members[i], found);
    else
      ed_audience_add(heard[k], &members[i]);
    table[i][k] = !table[i][k];
    for (i = 0; i < MEMBERS; i++) {
      size_t count = 0;
      for (k = 0; k < STREAMS; k++) {
        count += table[i][k];
        if (!table[i][k]) continue;
        if (!ed_audience_find(heard[k], &members[i], &found)) ck_abort_msg("%zu does not hear %zu", i, k);
        const struct ed_subscription *mine = &members[i].subscriptions[found];
        const struct ed_hearer *hearer = &heard[k]->audience[members[i].encoding].hearers[mine->index];
        if (mine->stream != heard[k] || hearer->member != &members[i] || hearer->index != found)
          ck_abort_msg("%zu and %zu do not agree", i, k);
      }
      if (members[i].subscriptions_len != count) ck_abort_msg("%zu hears more than it should", i);
    }
  }
  for (size_t i = 0; i < MEMBERS; i++) {
    while (members[i].subscriptions_len) ed_audience_remove(&members[i], 0);
    free(members[i].subscriptions);
  }
  for (size_t k = 0; k < STREAMS; k++) {
    ck_assert_uint_eq(heard[k]->audience[ED_JSON].len + heard[k]->audience[ED_CBOR].len, 0);
    ed_stream_free(heard[k]);
  }
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/stream");
  TCase *tests = tcase_create("stream");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, keys);
  tcase_add_test(tests, append_and_replace);
  tcase_add_test(tests, after);
  tcase_add_test(tests, compact_in_the_middle);
  tcase_add_test(tests, compact_in_front);
  tcase_add_test(tests, drop_front);
  tcase_add_test(tests, drop_at);
  tcase_add_test(tests, references);
  tcase_add_test(tests, random_run);
  tcase_add_test(tests, audience_random_run);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
