/* core/room/chunk: ranges of shared bytes, in order, with nothing lost and nothing kept too long. */
#include "room/chunk.h"

#include <stdio.h>

#include "main.h"

#define OPEN UINT64_MAX

static struct ed_chunk *chunk_of(const char *text) {
  struct ed_chunk *chunk = ed_chunk_new();
  ed_buf_add_text(&chunk->buf, text);
  return chunk;
}

#define EXPECT_PEEK(queue, text)                             \
  do {                                                       \
    struct ed_span bytes;                                    \
    ck_assert(ed_queue_peek(queue, OPEN, &bytes));           \
    ck_assert(ed_span_equal(bytes, ed_span_text(text)));     \
  } while (0)

START_TEST(empty) {
  struct ed_queue queue = {0};
  struct ed_span bytes;
  ck_assert(!ed_queue_peek(&queue, OPEN, &bytes));
  ed_queue_deinit(&queue);
}
END_TEST

START_TEST(ranges_join_where_they_touch) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = chunk_of("aaabbbccc"), *other = chunk_of("aaabbbccc");
  ed_queue_add(&queue, chunk, 0, 3, 1, false);
  ed_queue_add(&queue, chunk, 3, 6, 2, false);
  ck_assert_uint_eq(chunk->refs, 2);
  ck_assert_uint_eq(queue.bytes, 6);
  EXPECT_PEEK(&queue, "aaabbb");
  ed_queue_add(&queue, other, 6, 9, 3, false); /* the right place, but of another chunk */
  EXPECT_PEEK(&queue, "aaabbb");
  ed_queue_consume(&queue, 6);
  ck_assert_uint_eq(chunk->refs, 1);
  EXPECT_PEEK(&queue, "ccc");
  ed_queue_consume(&queue, 3);
  ck_assert_uint_eq(queue.bytes, 0);
  ck_assert_uint_eq(other->refs, 1);
  ck_assert_uint_eq(queue.cap, 0); /* an empty queue holds no memory */
  ed_chunk_unref(chunk);
  ed_chunk_unref(other);
}
END_TEST

START_TEST(a_gap_is_kept) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = chunk_of("aaabbbccc");
  ed_queue_add(&queue, chunk, 0, 3, 1, false);
  ed_queue_add(&queue, chunk, 6, 9, 1, false);
  EXPECT_PEEK(&queue, "aaa");
  ed_queue_consume(&queue, 1);
  EXPECT_PEEK(&queue, "aa"); /* a socket took a part */
  ed_queue_consume(&queue, 2);
  EXPECT_PEEK(&queue, "ccc");
  ed_queue_deinit(&queue);
  ck_assert_uint_eq(chunk->refs, 1);
  ed_chunk_unref(chunk);
}
END_TEST

START_TEST(the_chunk_may_move) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = chunk_of("abc");
  ed_queue_add(&queue, chunk, 0, 3, 1, false);
  for (int i = 0; i < 10000; i++) ed_buf_add_text(&chunk->buf, "x");
  EXPECT_PEEK(&queue, "abc");
  ed_queue_deinit(&queue);
  ed_chunk_unref(chunk);
}
END_TEST

START_TEST(stamps) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = chunk_of("aaabbbccc");
  struct ed_span bytes;
  ed_queue_add(&queue, chunk, 0, 3, 5, false);
  ed_queue_add(&queue, chunk, 6, 9, 7, false);
  ck_assert(!ed_queue_peek(&queue, 4, &bytes));
  ck_assert(ed_queue_peek(&queue, 5, &bytes));
  ed_queue_consume(&queue, 3);
  ck_assert(!ed_queue_peek(&queue, 6, &bytes));
  ck_assert(ed_queue_peek(&queue, 7, &bytes));
  ed_queue_add(&queue, chunk, 0, 3, 8, false);
  struct iovec parts[3];
  ck_assert_uint_eq(ed_queue_gather(&queue, 6, parts, 3, 100), 0);
  ck_assert_uint_eq(ed_queue_gather(&queue, 7, parts, 3, 100), 1); /* not past what is held */
  ck_assert_uint_eq(ed_queue_gather(&queue, 8, parts, 3, 100), 2);
  ed_queue_deinit(&queue);

  ed_queue_add(&queue, chunk, 0, 3, 5, false); /* joined: it waits for the later of the two */
  ed_queue_add(&queue, chunk, 3, 6, 6, false);
  ck_assert(!ed_queue_peek(&queue, 5, &bytes));
  ck_assert(ed_queue_peek(&queue, 6, &bytes));
  ed_queue_deinit(&queue);
  ed_chunk_unref(chunk);
}
END_TEST

START_TEST(excused_bytes) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = chunk_of("aaabbbcccddd");
  ed_queue_add(&queue, chunk, 0, 3, 1, true);
  ed_queue_add(&queue, chunk, 6, 12, 1, false);
  ck_assert_uint_eq(queue.bytes, 9);
  ck_assert_uint_eq(queue.excused, 3);
  ed_queue_consume(&queue, 3);
  ed_queue_consume(&queue, 6);
  ck_assert_uint_eq(queue.excused, 0); /* never more than waits */
  ed_queue_add(&queue, chunk, 0, 3, 1, true);
  ed_queue_consume(&queue, 2);
  ck_assert_uint_eq(queue.excused, 1);
  ed_queue_deinit(&queue);
  ed_chunk_unref(chunk);
}
END_TEST

/* 64 big chunks, of each of which a few bytes are waited for: the queue makes itself a small copy, in the right order,
 * a consumed part left out, and lets go of them. */
START_TEST(spill_lets_go) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunks[64];
  char want[64 * 3 + 1] = {0};
  for (size_t i = 0; i < 64; i++) {
    chunks[i] = ed_chunk_new();
    ed_buf_add(&chunks[i]->buf, "0123456789", 10);
    ed_buf_reserve(&chunks[i]->buf, 100000);
    ed_queue_add(&queue, chunks[i], i % 7, i % 7 + 3, i, false);
    if (i == 20) ed_queue_consume(&queue, 1);
    ed_queue_spill(&queue);
    snprintf(want + 3 * i, 4, "%zu%zu%zu", i % 7, i % 7 + 1, i % 7 + 2);
  }
  size_t held = 0;
  for (size_t i = 0; i < 64; i++) held += chunks[i]->refs - 1;
  ck_assert_uint_lt(held, 33);
  ck_assert_uint_eq(queue.bytes, 64 * 3 - 1);
  struct ed_span bytes;
  ck_assert(!ed_queue_peek(&queue, 0, &bytes)); /* it waits for what it depends on */
  struct ed_buf got = {0};
  while (ed_queue_peek(&queue, OPEN, &bytes)) {
    ed_buf_add_span(&got, bytes);
    ed_queue_consume(&queue, bytes.len);
  }
  ck_assert(ed_span_equal(ed_buf_span(&got), ed_span_text(want + 1)));
  ed_buf_deinit(&got);
  for (size_t i = 0; i < 64; i++) {
    ck_assert_uint_eq(chunks[i]->refs, 1);
    ed_chunk_unref(chunks[i]);
  }
}
END_TEST

START_TEST(spill_leaves_alone_what_is_worth_it) {
  struct ed_queue queue = {0};
  struct ed_chunk *chunk = ed_chunk_new();
  for (int i = 0; i < 4096; i++) ed_buf_add_byte(&chunk->buf, (uint8_t)i);
  for (size_t i = 0; i < 32; i++) { /* half of one chunk, in 32 runs */
    ed_queue_add(&queue, chunk, i * 128, i * 128 + 64, 1, false);
    ed_queue_spill(&queue);
  }
  ck_assert_uint_eq(chunk->refs, 33);
  ed_queue_deinit(&queue);
  ed_chunk_unref(chunk);
}
END_TEST

static uint32_t dice(uint32_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 17;
  *state ^= *state << 5;
  return *state;
}

/* Against a plain string of bytes: what was added comes out, once and in order. */
START_TEST(random_run) {
  struct ed_queue queue = {0};
  struct ed_buf model = {0};
  size_t sent = 0; /* of the model */
  uint32_t state = 0xc0ffee;
  struct ed_chunk *chunk = ed_chunk_new();
  for (int step = 0; step < 30000; step++) {
    uint32_t what = dice(&state) % 16;
    if (what < 8) { /* some bytes into the chunk, and a range of them into the queue */
      size_t start = chunk->buf.len, len = 1 + dice(&state) % 20;
      for (size_t i = 0; i < len; i++) ed_buf_add_byte(&chunk->buf, (uint8_t)dice(&state));
      if (dice(&state) % 3 == 0) continue; /* a gap */
      ed_queue_add(&queue, chunk, start, start + len, 1, dice(&state) % 2);
      ed_buf_add(&model, chunk->buf.at + start, len);
    } else if (what < 14) {
      struct ed_span bytes;
      bool any = ed_queue_peek(&queue, OPEN, &bytes);
      ck_assert_int_eq(any, sent < model.len);
      if (!any) continue;
      ck_assert_uint_le(bytes.len, model.len - sent);
      ck_assert_mem_eq(bytes.at, model.at + sent, bytes.len);
      size_t len = 1 + dice(&state) % bytes.len;
      ed_queue_consume(&queue, len);
      sent += len;
    } else if (what == 14) { /* several ranges at once, of which a socket takes some bytes */
      struct iovec parts[8];
      size_t most = 1 + dice(&state) % 8, bytes_most = 1 + dice(&state) % 60;
      size_t count = ed_queue_gather(&queue, OPEN, parts, most, bytes_most), total = 0;
      ck_assert_uint_le(count, most);
      ck_assert_int_eq(count > 0, sent < model.len);
      for (size_t i = 0; i < count; i++) {
        ck_assert_uint_lt(total, bytes_most); /* no range more than it takes */
        ck_assert_uint_le(parts[i].iov_len, model.len - sent - total);
        ck_assert_mem_eq(parts[i].iov_base, model.at + sent + total, parts[i].iov_len);
        total += parts[i].iov_len;
      }
      if (count < most && total < bytes_most) ck_assert_uint_eq(total, model.len - sent);
      if (!count) continue;
      size_t len = 1 + dice(&state) % total;
      ed_queue_consume(&queue, len);
      sent += len;
    } else if (dice(&state) % 4 == 0) {
      ed_queue_spill(&queue);
    } else {
      ed_chunk_unref(chunk);
      chunk = ed_chunk_new();
    }
    ck_assert_uint_eq(queue.bytes, model.len - sent);
    ck_assert_uint_le(queue.excused, queue.bytes);
  }
  ck_assert_uint_gt(sent, 30000);
  ed_queue_deinit(&queue);
  ck_assert_uint_eq(chunk->refs, 1);
  ed_chunk_unref(chunk);
  ed_buf_deinit(&model);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("room/chunk");
  TCase *tests = tcase_create("chunk");
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, empty);
  tcase_add_test(tests, ranges_join_where_they_touch);
  tcase_add_test(tests, a_gap_is_kept);
  tcase_add_test(tests, the_chunk_may_move);
  tcase_add_test(tests, stamps);
  tcase_add_test(tests, excused_bytes);
  tcase_add_test(tests, spill_lets_go);
  tcase_add_test(tests, spill_leaves_alone_what_is_worth_it);
  tcase_add_test(tests, random_run);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
