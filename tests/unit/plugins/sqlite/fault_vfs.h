/* A VFS over the system's that goes wrong on demand; once installed it is the default one. */
#ifndef FAULT_VFS_H
#define FAULT_VFS_H

enum fault {
  FAULT_NONE,
  FAULT_WRITE, /* xWrite: an I/O error */
  FAULT_FULL,  /* xWrite: no space left */
  FAULT_SYNC,  /* xSync: an I/O error */
  FAULT_TEAR,  /* the next xWrite to the WAL writes half of it and reports success; after it every one is lost so */
};

void fault_vfs_install(void);
void fault_vfs_set(enum fault fault); /* from any thread */

#endif
