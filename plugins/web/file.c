#include "file.h"

#include <zlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "mem.h"

#define PACK_MIN 256 /* bytes: less is one packet anyway */

void file_tag(const void *bytes, size_t len, char tag[24]) {
  snprintf(tag, 24, "\"%016llx\"", (unsigned long long)XXH3_64bits(bytes, len));
}

struct file *file_new(const char *path, unsigned char *body, size_t len) {
  struct file *file = mem_zalloc(sizeof *file);
  file->path = mem_check(strdup(path));
  file->refs = 1;
  file->body = body;
  file->len = len;
  file_tag(body, len, file->tag);
  snprintf(file->packed_tag, sizeof file->packed_tag, "%.17s-gz\"", file->tag);
  return file;
}

struct file *file_ref(struct file *file) {
  file->refs++;
  return file;
}

void file_unref(void *arg) {
  struct file *file = arg;
  if (!file || --file->refs) return;
  free(file->path);
  free(file->body);
  free(file->packed);
  free(file);
}

unsigned char *file_pack(const unsigned char *body, size_t len, size_t *packed_len) {
  z_stream stream = {.next_in = (z_const Bytef *)(uintptr_t)body, .avail_in = (uInt)len};
  size_t most = len - len / 10;
  if (len < PACK_MIN || len > UINT32_MAX / 2) return NULL;
  if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) return NULL;
  unsigned char *packed = malloc(most);
  stream.next_out = packed;
  stream.avail_out = (uInt)most;
  bool smaller = packed && deflate(&stream, Z_FINISH) == Z_STREAM_END;
  *packed_len = most - stream.avail_out;
  deflateEnd(&stream);
  if (smaller) return packed;
  free(packed);
  return NULL;
}
