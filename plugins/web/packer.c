#include "packer.h"

#include <pthread.h>
#include <signal.h>

#include "mem.h"

struct job {
  struct file *file; /* a reference, which is the loop's to give back */
  unsigned char *packed;
  size_t packed_len;
  struct job *next;
};

struct packer {
  const struct eddy_host *host;
  struct eddy_core *core;
  pthread_t thread;
  bool started;
  pthread_mutex_t lock; /* of what follows */
  pthread_cond_t work;
  struct job *queue, *last;
  struct job *left; /* done when nothing could be posted any more */
  bool stopping;
};

struct packer *packer_new(const struct eddy_host *host, struct eddy_core *core) {
  struct packer *packer = mem_zalloc(sizeof *packer);
  packer->host = host;
  packer->core = core;
  pthread_mutex_init(&packer->lock, NULL);
  pthread_cond_init(&packer->work, NULL);
  return packer;
}

/* On the loop's thread. */
static void finish(void *arg) {
  struct job *job = arg;
  if (job->packed) {
    job->file->packed = job->packed;
    job->file->packed_len = job->packed_len;
  }
  file_unref(job->file);
  free(job);
}

static struct job *take(struct packer *packer) {
  pthread_mutex_lock(&packer->lock);
  while (!packer->queue && !packer->stopping) pthread_cond_wait(&packer->work, &packer->lock);
  struct job *job = packer->stopping ? NULL : packer->queue;
  if (job) packer->queue = job->next;
  pthread_mutex_unlock(&packer->lock);
  return job;
}

static void *run(void *arg) {
  struct packer *packer = arg;
  struct job *job;
  while ((job = take(packer))) {
    job->packed = file_pack(job->file->body, job->file->len, &job->packed_len);
    if (packer->host->post(packer->core, finish, job) == 0) continue;
    pthread_mutex_lock(&packer->lock);
    job->next = packer->left;
    packer->left = job;
    pthread_mutex_unlock(&packer->lock);
  }
  return NULL;
}

/* Signals are the loop's. Where there can be no thread, files go out as they are. */
static bool start(struct packer *packer) {
  sigset_t all, before;
  if (packer->started) return true;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  packer->started = pthread_create(&packer->thread, NULL, run, packer) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return packer->started;
}

void packer_add(struct packer *packer, struct file *file) {
  if (file->weighed || !start(packer)) return;
  struct job *job = mem_zalloc(sizeof *job);
  file->weighed = true;
  job->file = file_ref(file);
  pthread_mutex_lock(&packer->lock);
  if (packer->queue)
    packer->last->next = job;
  else
    packer->queue = job;
  packer->last = job;
  pthread_cond_signal(&packer->work);
  pthread_mutex_unlock(&packer->lock);
}

static void finish_all(struct job *job) {
  while (job) {
    struct job *next = job->next;
    finish(job);
    job = next;
  }
}

void packer_free(struct packer *packer) {
  pthread_mutex_lock(&packer->lock);
  packer->stopping = true;
  pthread_cond_signal(&packer->work);
  pthread_mutex_unlock(&packer->lock);
  if (packer->started) pthread_join(packer->thread, NULL);
  finish_all(packer->queue);
  finish_all(packer->left);
  pthread_cond_destroy(&packer->work);
  pthread_mutex_destroy(&packer->lock);
  free(packer);
}
