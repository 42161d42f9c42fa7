#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

struct file {
  sqlite3_file base;
  bool is_wal;
  sqlite3_file *real; /* behind this */
};

static sqlite3_vfs *real_vfs;
static sqlite3_vfs vfs;
static sqlite3_io_methods methods;
static _Atomic enum fault now;

static sqlite3_file *real(sqlite3_file *file) { return ((struct file *)file)->real; }

static int close_file(sqlite3_file *f) { return real(f)->pMethods->xClose(real(f)); }
static int read_file(sqlite3_file *f, void *to, int n, sqlite3_int64 at) {
  return real(f)->pMethods->xRead(real(f), to, n, at);
}

static int tear(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
  static atomic_bool torn;
  if (atomic_exchange(&torn, true)) return SQLITE_OK;
  return real(f)->pMethods->xWrite(real(f), from, n / 2, at);
}

static int write_file(sqlite3_file *f, const void *from, int n, sqlite3_int64 at) {
  enum fault fault = now;
  if (fault == FAULT_WRITE) return SQLITE_IOERR_WRITE;
  if (fault == FAULT_FULL) return SQLITE_FULL;
  if (fault == FAULT_TEAR && ((struct file *)f)->is_wal) return tear(f, from, n, at);
  return real(f)->pMethods->xWrite(real(f), from, n, at);
}

static int truncate_file(sqlite3_file *f, sqlite3_int64 size) { return real(f)->pMethods->xTruncate(real(f), size); }

static int sync_file(sqlite3_file *f, int flags) {
  return now == FAULT_SYNC ? SQLITE_IOERR_FSYNC : real(f)->pMethods->xSync(real(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *size) { return real(f)->pMethods->xFileSize(real(f), size); }
static int lock_file(sqlite3_file *f, int level) { return real(f)->pMethods->xLock(real(f), level); }
static int unlock_file(sqlite3_file *f, int level) { return real(f)->pMethods->xUnlock(real(f), level); }
static int check_lock(sqlite3_file *f, int *held) { return real(f)->pMethods->xCheckReservedLock(real(f), held); }
static int control(sqlite3_file *f, int op, void *arg) { return real(f)->pMethods->xFileControl(real(f), op, arg); }
static int sector(sqlite3_file *f) { return real(f)->pMethods->xSectorSize(real(f)); }
static int traits(sqlite3_file *f) { return real(f)->pMethods->xDeviceCharacteristics(real(f)); }
static int shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **at) {
  return real(f)->pMethods->xShmMap(real(f), page, size, extend, at);
}
static int shm_lock(sqlite3_file *f, int at, int n, int flags) {
  return real(f)->pMethods->xShmLock(real(f), at, n, flags);
}
static void shm_barrier(sqlite3_file *f) { real(f)->pMethods->xShmBarrier(real(f)); }
static int shm_unmap(sqlite3_file *f, int delete) { return real(f)->pMethods->xShmUnmap(real(f), delete); }

static int open_file(sqlite3_vfs *self, const char *name, sqlite3_file *f, int flags, int *flags_out) {
  (void)self;
  struct file *file = (struct file *)f;
  file->real = (sqlite3_file *)(file + 1);
  file->is_wal = (flags & SQLITE_OPEN_WAL) != 0;
  int rc = real_vfs->xOpen(real_vfs, name, file->real, flags, flags_out);
  f->pMethods = rc == SQLITE_OK ? &methods : NULL;
  return rc;
}

void fault_vfs_set(enum fault fault) { now = fault; }

void fault_vfs_install(void) {
  if (real_vfs) return;
  real_vfs = sqlite3_vfs_find(NULL);
  methods = (sqlite3_io_methods){2,         close_file,  read_file,  write_file, truncate_file, sync_file, file_size,
                                 lock_file, unlock_file, check_lock, control,    sector,        traits,    shm_map,
                                 shm_lock,  shm_barrier, shm_unmap,  NULL,       NULL};
  vfs = *real_vfs;
  vfs.zName = "fault";
  vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
  vfs.xOpen = open_file;
  sqlite3_vfs_register(&vfs, 1);
}
