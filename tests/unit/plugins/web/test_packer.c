/* plugins/web/packer: gzip forms from another thread; its end while it works. Under ThreadSanitizer, too. */
#include "packer.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "main.h"
#include "mem.h"

#define FILES 40
#define LEN 20000

/* A host that posts: what a daemon's loop would call is called by the test. */
static struct post {
  void (*fn)(void *arg);
  void *arg;
} posts[FILES];
static size_t posts_len, called;
static bool leaving;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct eddy_host host;
static struct packer *packer;

static int post(struct eddy_core *core, void (*fn)(void *arg), void *arg) {
  (void)core;
  pthread_mutex_lock(&lock);
  int rc = leaving ? -ECANCELED : 0;
  if (rc == 0) posts[posts_len++] = (struct post){fn, arg};
  pthread_mutex_unlock(&lock);
  return rc;
}

/* The loop: calls what has been posted by now; how much that is in all. */
static size_t turn(void) {
  pthread_mutex_lock(&lock);
  size_t len = posts_len;
  pthread_mutex_unlock(&lock);
  for (; called < len; called++) posts[called].fn(posts[called].arg);
  return called;
}

static struct file *make(int i) {
  char path[32];
  unsigned char *body = mem_zalloc(LEN);
  snprintf(path, sizeof path, "client/%d.js", i);
  memset(body, 'a' + i % 26, LEN);
  return file_new(path, body, LEN);
}

static void begin(void) {
  posts_len = called = 0;
  leaving = false;
  host = (struct eddy_host){.abi = EDDY_ABI, .size = sizeof host, .post = post};
  packer = packer_new(&host, NULL);
}

static void rest(void) { nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL); }

START_TEST(all_of_them) {
  struct file *files[FILES];
  for (int i = 0; i < FILES; i++) {
    files[i] = make(i);
    packer_add(packer, files[i]);
    packer_add(packer, files[i]); /* once is enough */
    if (i % 7 == 0) turn();
  }
  file_unref(files[3]); /* the folder has it no more: the job has */
  for (int i = 0; turn() < FILES && i < 30000; i++) rest();
  ck_assert_uint_eq(turn(), FILES);
  for (int i = 0; i < FILES; i++) {
    if (i == 3) continue;
    ck_assert_uint_eq(files[i]->refs, 1);
    ck_assert(files[i]->packed_len > 0 && files[i]->packed_len < LEN / 10);
    file_unref(files[i]);
  }
  packer_free(packer);
}
END_TEST

/* What is queued, what is at work and what cannot be posted any more is given back. */
START_TEST(ends_meanwhile) {
  struct file *files[FILES];
  for (int i = 0; i < FILES; i++) packer_add(packer, files[i] = make(i));
  while (turn() < 3) rest();
  pthread_mutex_lock(&lock);
  leaving = true;
  pthread_mutex_unlock(&lock);
  turn(); /* as the daemon does */
  rest();
  packer_free(packer);
  for (int i = 0; i < FILES; i++) {
    ck_assert_uint_eq(files[i]->refs, 1);
    file_unref(files[i]);
  }
}
END_TEST

START_TEST(nothing_to_do) { packer_free(packer); }
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("web/packer");
  TCase *tests = tcase_create("all");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_set_timeout(tests, 60);
  tcase_add_test(tests, all_of_them);
  tcase_add_test(tests, ends_meanwhile);
  tcase_add_test(tests, nothing_to_do);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
