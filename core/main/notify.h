/* What systemd wants to hear of a service of Type=notify (sd_notify(3)): datagrams to the socket of $NOTIFY_SOCKET; and
 * the sockets that it passes (sd_listen_fds(3)). */
#ifndef ED_MAIN_NOTIFY_H
#define ED_MAIN_NOTIFY_H

#include <stddef.h>
#include <stdint.h>

struct ed_notify {
  int fd;               /* -1: nobody listens */
  uint64_t watchdog_ms; /* how often it wants to hear from us, at least; 0: never */
};

/* From the environment, which is cleared of it: what is started from here must not speak for us. */
void ed_notify_open(struct ed_notify *notify);
void ed_notify_close(struct ed_notify *notify);

/* Lines such as "READY=1\nSTATUS=...". Where nobody listens, nothing happens. */
void ed_notify_say(const struct ed_notify *notify, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The clock that RELOADING wants in MONOTONIC_USEC. */
uint64_t ed_notify_clock_us(void);

#define ED_NOTIFY_SOCKETS_MAX 64

/* How many sockets were passed to this process, and their descriptors. */
size_t ed_notify_sockets(int sockets[ED_NOTIFY_SOCKETS_MAX]);

#endif
