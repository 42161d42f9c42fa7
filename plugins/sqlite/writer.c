#include "writer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "mem.h"

#define RETRY_MIN_MS 50
#define RETRY_MAX_MS 2000
#define NS_PER_MS UINT64_C(1000000)

struct writer {
  struct store store; /* of the thread alone, once it runs */
  struct writer_options options;
  pthread_t thread;
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t work, done;
  struct batch *queue, *last;
  uint64_t written; /* ticket of the last batch that is */
  bool urgent, stopping, failing;
  uint64_t lost; /* records */
};

static uint64_t now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000 * NS_PER_MS + (uint64_t)now.tv_nsec;
}

static struct timespec at_ns(uint64_t ns) {
  return (struct timespec){.tv_sec = (time_t)(ns / (1000 * NS_PER_MS)), .tv_nsec = (long)(ns % (1000 * NS_PER_MS))};
}

/* The next list of batches to write; NULL: there is nothing, and will be nothing. */
static struct batch *take(struct writer *writer) {
  pthread_mutex_lock(&writer->lock);
  for (;;) {
    uint64_t due = writer->queue ? writer->queue->handed_ns + writer->options.interval_ms * NS_PER_MS : UINT64_MAX;
    if (writer->stopping || (writer->queue && (writer->urgent || due <= now_ns()))) break;
    const struct timespec until = at_ns(due);
    if (writer->queue)
      pthread_cond_timedwait(&writer->work, &writer->lock, &until);
    else
      pthread_cond_wait(&writer->work, &writer->lock);
  }
  struct batch *list = writer->queue;
  writer->queue = writer->last = NULL;
  writer->urgent = false;
  pthread_mutex_unlock(&writer->lock);
  return list;
}

/* Waits before the next try; false where it is time to give up. */
static bool rest(struct writer *writer, uint64_t wait_ms, uint64_t *give_up_ns) {
  const struct timespec until = at_ns(now_ns() + wait_ms * NS_PER_MS);
  pthread_mutex_lock(&writer->lock);
  writer->failing = true;
  pthread_cond_broadcast(&writer->done);
  bool was_stopping = writer->stopping;
  int rc = 0;
  while (rc == 0 && writer->stopping == was_stopping) rc = pthread_cond_timedwait(&writer->work, &writer->lock, &until);
  bool stopping = writer->stopping;
  pthread_mutex_unlock(&writer->lock);
  if (stopping && !*give_up_ns) *give_up_ns = now_ns() + writer->options.patience_ms * NS_PER_MS;
  return !*give_up_ns || now_ns() < *give_up_ns;
}

/* Until it works; false where it was given up. */
static bool commit(struct writer *writer, const struct batch *list, double *seconds) {
  char why[DB_WHY];
  uint64_t wait_ms = RETRY_MIN_MS, give_up_ns = 0, began_ns;
  int rc;
  while (began_ns = now_ns(), (rc = store_commit(&writer->store, list, writer->options.full, why)) != 0) {
    if (rc == -EAGAIN) { /* at once, without the room that it failed for */
      writer->options.broke(writer->options.arg, why);
      continue;
    }
    writer->options.failed(writer->options.arg, why);
    if (!rest(writer, wait_ms, &give_up_ns)) return false;
    wait_ms = wait_ms * 2 < RETRY_MAX_MS ? wait_ms * 2 : RETRY_MAX_MS;
  }
  *seconds = (double)(now_ns() - began_ns) / 1e9;
  return true;
}

static void settled(struct writer *writer, uint64_t ticket) {
  pthread_mutex_lock(&writer->lock);
  bool was_failing = writer->failing;
  writer->written = ticket;
  writer->failing = false;
  pthread_cond_broadcast(&writer->done);
  pthread_mutex_unlock(&writer->lock);
  if (was_failing) writer->options.failed(writer->options.arg, NULL);
}

static void give_up(struct writer *writer, struct batch *list) {
  for (const struct batch *batch = list; batch; batch = batch->next) writer->lost += batch->records_len;
  batch_free(list);
}

static void *run(void *arg) {
  struct writer *writer = arg;
  struct batch *list;
  while ((list = take(writer))) {
    struct writer_report report = {.batches = list};
    if (!commit(writer, list, &report.commit_s)) {
      give_up(writer, list);
      continue;
    }
    const struct batch *last = list;
    while (last->next) last = last->next;
    report.lag_s = (double)(now_ns() - list->handed_ns) / 1e9;
    settled(writer, last->ticket);
    writer->options.written(writer->options.arg, &report);
  }
  return NULL;
}

/* The thread takes no signals: they are the loop's. */
static int start(struct writer *writer) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  int rc = pthread_create(&writer->thread, NULL, run, writer);
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return -rc;
}

static void discard(struct writer *writer) {
  store_deinit(&writer->store);
  pthread_cond_destroy(&writer->work);
  pthread_cond_destroy(&writer->done);
  pthread_mutex_destroy(&writer->lock);
  free(writer);
}

int writer_new(struct writer **out, struct store *store, const struct writer_options *options) {
  struct writer *writer = mem_zalloc(sizeof *writer);
  writer->store = *store;
  writer->options = *options;
  pthread_mutex_init(&writer->lock, NULL);
  pthread_condattr_t monotonic;
  pthread_condattr_init(&monotonic);
  pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init(&writer->work, &monotonic);
  pthread_cond_init(&writer->done, &monotonic);
  pthread_condattr_destroy(&monotonic);
  int rc = start(writer);
  if (rc)
    discard(writer);
  else
    *out = writer;
  return rc;
}

uint64_t writer_free(struct writer *writer) {
  pthread_mutex_lock(&writer->lock);
  writer->stopping = true;
  pthread_cond_signal(&writer->work);
  pthread_mutex_unlock(&writer->lock);
  pthread_join(writer->thread, NULL);
  uint64_t lost = writer->lost;
  discard(writer);
  return lost;
}

void writer_give(struct writer *writer, struct batch *batch) {
  batch->handed_ns = now_ns();
  pthread_mutex_lock(&writer->lock);
  bool first = !writer->queue, hurries = batch->urgent && !writer->urgent;
  if (first)
    writer->queue = batch;
  else
    writer->last->next = batch;
  writer->last = batch;
  writer->urgent |= batch->urgent;
  if (first || hurries) pthread_cond_signal(&writer->work);
  pthread_mutex_unlock(&writer->lock);
}

void writer_hurry(struct writer *writer) {
  pthread_mutex_lock(&writer->lock);
  if (writer->queue && !writer->urgent) {
    writer->urgent = true;
    pthread_cond_signal(&writer->work);
  }
  pthread_mutex_unlock(&writer->lock);
}

int writer_wait(struct writer *writer, uint64_t ticket, uint64_t timeout_ms) {
  const struct timespec until = at_ns(now_ns() + timeout_ms * NS_PER_MS);
  int rc = 0;
  pthread_mutex_lock(&writer->lock);
  writer->urgent = true;
  pthread_cond_signal(&writer->work);
  while (rc == 0 && writer->written < ticket && !writer->failing)
    rc = pthread_cond_timedwait(&writer->done, &writer->lock, &until);
  bool written = writer->written >= ticket;
  if (!written && rc == 0) rc = EIO;
  pthread_mutex_unlock(&writer->lock);
  return written ? 0 : -rc;
}
