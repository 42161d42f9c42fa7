#include "main/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

void ed_process_init(struct ed_process *process) {
  *process = (struct ed_process){.parent = -1, .pidfile = -1, .terminal = -1};
  /* One of the first three that is closed would go to a socket or a pipe of the daemon's, and the log into that. */
  int fd;
  do fd = open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) close(fd);
}

/* ---- the background ---- */

/* In who was called: the other one's byte, or its end. */
static int await(int pipe) {
  char byte;
  ssize_t got;
  do got = read(pipe, &byte, 1);
  while (got < 0 && errno == EINTR);
  close(pipe);
  return got == 1 ? 1 : -1;
}

int ed_process_fork(struct ed_process *process) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return perror("eddyd: --daemon"), -1;
  fflush(NULL);
  pid_t child = fork();
  if (child > 0) {
    close(ends[1]);
    while (waitpid(child, NULL, 0) < 0 && errno == EINTR) continue;
    return await(ends[0]);
  }
  if (child < 0) {
    perror("eddyd: --daemon");
    close(ends[0]);
    close(ends[1]);
    return -1;
  }
  close(ends[0]);
  /* Once more, so that it leads no session and no terminal can become its own. */
  if (setsid() < 0 || (child = fork()) < 0) perror("eddyd: --daemon"), _exit(1);
  if (child > 0) _exit(0);
  process->background = true;
  process->parent = ends[1];
  return 0;
}

/* ---- its number ---- */

/* Whether the file that is locked is still the one of that name. */
static bool current(int fd, const char *path) {
  struct stat ours, there;
  return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev && ours.st_ino == there.st_ino;
}

static int locked_file(const char *path) {
  for (;;) {
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
    if (fd < 0) return -errno;
    int error = flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : -errno;
    if (!error && current(fd, path)) return fd;
    close(fd);
    if (error) return error;
  }
}

int ed_process_write_pid(struct ed_process *process, const char *path) {
  int fd = locked_file(path);
  bool written = fd >= 0 && ftruncate(fd, 0) == 0 && dprintf(fd, "%ld\n", (long)getpid()) > 0;
  if (!written) {
    const char *why = fd == -EWOULDBLOCK ? "another eddyd that runs has it" : strerror(fd < 0 ? -fd : errno);
    fprintf(stderr, "eddyd: --pidfile %s: %s\n", path, why);
    if (fd >= 0) unlink(path), close(fd); /* an empty one would say nothing */
    return -1;
  }
  process->pidfile = fd;
  process->pid_path = path;
  return 0;
}

/* ---- where it writes to ---- */

static void write_to(int fd) {
  dup2(fd, STDOUT_FILENO);
  dup2(fd, STDERR_FILENO);
}

int ed_process_log_to(struct ed_process *process, const char *path) {
  if (!path) {
    if (process->terminal >= 0) write_to(process->terminal);
    return 0;
  }
  int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (fd < 0) return -1;
  if (process->terminal < 0) process->terminal = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
  write_to(fd);
  close(fd);
  return 0;
}

void ed_process_ready(struct ed_process *process) {
  if (process->background) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0) {
      dup2(null, STDIN_FILENO);
      if (process->terminal >= 0)
        dup2(null, process->terminal);
      else
        write_to(null);
      close(null);
    }
  }
  if (process->parent >= 0) {
    (void)!write(process->parent, "", 1);
    close(process->parent);
    process->parent = -1;
  }
}

void ed_process_end(struct ed_process *process) {
  if (process->pidfile >= 0) {
    if (current(process->pidfile, process->pid_path)) unlink(process->pid_path);
    close(process->pidfile);
  }
  if (process->parent >= 0) close(process->parent);
  if (process->terminal >= 0) close(process->terminal);
  ed_process_init(process);
}
