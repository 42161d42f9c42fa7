#include "main/notify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define FIRST_SOCKET 3 /* SD_LISTEN_FDS_START */

/* A whole number of the environment, which goes. */
static uint64_t take_number(const char *name) {
  const char *text = getenv(name);
  uint64_t number = text ? strtoull(text, NULL, 10) : 0;
  unsetenv(name);
  return number;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  size_t len = path ? strlen(path) : 0;
  if (len < 2 || len >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@')) return -1;
  memcpy(address.sun_path, path, len);
  if (path[0] == '@') address.sun_path[0] = '\0'; /* no file, but a name of the kernel's */
  int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
  if (fd >= 0 && connect(fd, (const struct sockaddr *)(const void *)&address, size) == 0) return fd;
  if (fd >= 0) close(fd);
  return -1;
}

void ed_notify_open(struct ed_notify *notify) {
  uint64_t pid = take_number("WATCHDOG_PID"), us = take_number("WATCHDOG_USEC");
  notify->fd = connect_to(getenv("NOTIFY_SOCKET"));
  unsetenv("NOTIFY_SOCKET");
  notify->watchdog_ms = notify->fd >= 0 && (pid == 0 || pid == (uint64_t)getpid()) ? us / 1000 : 0;
}

void ed_notify_close(struct ed_notify *notify) {
  if (notify->fd >= 0) close(notify->fd);
  notify->fd = -1;
}

void ed_notify_say(const struct ed_notify *notify, const char *format, ...) {
  char text[512];
  if (notify->fd < 0) return;
  va_list args;
  va_start(args, format);
  int len = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (len > 0) (void)send(notify->fd, text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1, MSG_NOSIGNAL);
}

uint64_t ed_notify_clock_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

size_t ed_notify_sockets(int sockets[ED_NOTIFY_SOCKETS_MAX]) {
  uint64_t pid = take_number("LISTEN_PID"), count = take_number("LISTEN_FDS");
  unsetenv("LISTEN_FDNAMES");
  if (pid != (uint64_t)getpid()) return 0;
  if (count > ED_NOTIFY_SOCKETS_MAX) count = ED_NOTIFY_SOCKETS_MAX;
  for (size_t i = 0; i < count; i++) sockets[i] = FIRST_SOCKET + (int)i;
  return (size_t)count;
}
