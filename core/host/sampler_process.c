/* What Prometheus' own clients say of every process, under their names, and which build this is. */
#include <dirent.h>
#include <inttypes.h>
#include <luajit.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "host/sampler.h"

#ifdef __clang__
#define COMPILER "clang " __clang_version__
#else
#define COMPILER "gcc " __VERSION__
#endif

static void one(struct ed_sink *sink, enum eddy_counter_kind kind, const char *name, const char *help, double value) {
  ed_sink_family(sink, kind, name, help);
  ed_sink_add(sink, value, "%s", "");
}

/* Of proc(5), /proc/self/stat: 22 to 24. False where it cannot be read. */
static bool read_stat(uint64_t *start_ticks, uint64_t *virtual_bytes, uint64_t *resident_pages) {
  char text[1024];
  FILE *file = fopen("/proc/self/stat", "re");
  if (!file) return false;
  text[fread(text, 1, sizeof text - 1, file)] = 0;
  fclose(file);
  const char *at = strrchr(text, ')'); /* the program's name may hold anything */
  return at && sscanf(at + 1,
                      " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %" SCNu64
                      " %" SCNu64 " %" SCNu64,
                      start_ticks, virtual_bytes, resident_pages) == 3;
}

/* Unix time at which the machine was started, in seconds; 0 where that cannot be read. */
static uint64_t boot_s(void) {
  char line[256];
  uint64_t boot = 0;
  FILE *file = fopen("/proc/stat", "re");
  if (!file) return 0;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "btime %" SCNu64, &boot) == 1) break;
  fclose(file);
  return boot;
}

/* Linux 6.2 and later say it as the folder's size; before, the folder is read. */
static uint64_t open_files(void) {
  struct stat info;
  if (stat("/proc/self/fd", &info) == 0 && info.st_size > 0) return (uint64_t)info.st_size;
  DIR *folder = opendir("/proc/self/fd");
  if (!folder) return 0;
  uint64_t count = 0;
  while (readdir(folder)) count++;
  closedir(folder);
  return count - 3; /* itself, "." and ".." */
}

static void memory_and_start(struct ed_sink *sink) {
  uint64_t start_ticks, virtual_bytes, resident_pages, boot = boot_s();
  if (!read_stat(&start_ticks, &virtual_bytes, &resident_pages)) return;
  one(sink, EDDY_GAUGE, "process_resident_memory_bytes", "Memory in use.",
      (double)resident_pages * (double)sysconf(_SC_PAGESIZE));
  one(sink, EDDY_GAUGE, "process_virtual_memory_bytes", "Address space in use.", (double)virtual_bytes);
  if (boot)
    one(sink, EDDY_GAUGE, "process_start_time_seconds", "When the process began, in Unix time.",
        (double)boot + (double)start_ticks / (double)sysconf(_SC_CLK_TCK));
}

void ed_sampler_process(void *arg, struct ed_sink *sink) {
  (void)arg;
  ed_sink_family(sink, EDDY_GAUGE, "eddy_build_info", "Which build this is: always 1.");
  ed_sink_add(sink, 1, "version=\"%s\",lua=\"%s\",compiler=\"%s\"", EDDY_VERSION, LUAJIT_VERSION, COMPILER);
  struct timespec used;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  one(sink, EDDY_COUNTER, "process_cpu_seconds_total", "Processor time used, in all threads.",
      (double)used.tv_sec + (double)used.tv_nsec / 1e9);
  memory_and_start(sink);
  one(sink, EDDY_GAUGE, "process_open_fds", "Open files and sockets.", (double)open_files());
  struct rlimit files;
  if (getrlimit(RLIMIT_NOFILE, &files) == 0)
    one(sink, EDDY_GAUGE, "process_max_fds", "Files and sockets that may be open.", (double)files.rlim_cur);
}
