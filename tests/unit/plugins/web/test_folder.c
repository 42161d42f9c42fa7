/* plugins/web/folder and file: what is read, what is left out, what has changed; gzip forms and tags. */
#include "folder.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include "main.h"
#include "mem.h"

static char root[64];
static struct folder folder;

static void put(const char *path, const char *text) {
  char full[PATH_MAX];
  snprintf(full, sizeof full, "%s/%s", root, path);
  for (char *slash = full + strlen(root) + 1; (slash = strchr(slash, '/')); *slash++ = '/') {
    *slash = 0;
    mkdir(full, 0755);
  }
  FILE *file = fopen(full, "w");
  ck_assert_ptr_nonnull(file);
  fputs(text, file);
  fclose(file);
}

/* As if it had been written long ago. */
static void age(const char *path) {
  struct file *file = folder_find(&folder, path);
  ck_assert_ptr_nonnull(file);
  file->fresh = false;
}

static void begin(void) {
  strcpy(root, "/tmp/web-folder-XXXXXX");
  ck_assert_ptr_nonnull(mkdtemp(root));
  put("start/index.html", "<p>start");
  put("demos/a/index.html", "<p>a");
  ck_assert(folder_init(&folder, root, 1 << 20));
  ck_assert(folder_read(&folder));
}

static void end(void) {
  char command[128];
  folder_deinit(&folder);
  snprintf(command, sizeof command, "rm -rf %s", root);
  ck_assert_int_eq(system(command), 0);
}

static void has(const char *path, const char *text) {
  struct file *file = folder_find(&folder, path);
  ck_assert_msg(file != NULL, "%s", path);
  ck_assert_uint_eq(file->len, strlen(text));
  ck_assert_int_eq(memcmp(file->body, text, file->len), 0);
}

static void has_not(const char *path) { ck_assert_msg(!folder_find(&folder, path), "%s", path); }

START_TEST(what_there_is) {
  put("client/deep/er/x.js", "x");
  put("client/empty", "");
  put("other/x.js", "no part of it");
  put("web.c", "nor this");
  put("client/.hidden", "");
  put("client/.git/config", "");
  put("client/node_modules/x/x.js", "");
  put("client/x.js~", "");
  ck_assert(folder_read(&folder));
  has("start/index.html", "<p>start");
  has("demos/a/index.html", "<p>a");
  has("client/deep/er/x.js", "x");
  has("client/empty", "");
  ck_assert_uint_eq(folder.len, 4);
  ck_assert_uint_eq(folder.bytes, 8 + 4 + 1);
  has_not("other/x.js");
  has_not("demos/a");
  has_not("");
  ck_assert(!folder_init(&(struct folder){0}, "/nonexistent", 1));
  char path[PATH_MAX];
  snprintf(path, sizeof path, "%s/start/index.html", root);
  ck_assert(!folder_init(&(struct folder){0}, path, 1));
}
END_TEST

START_TEST(links) {
  char target[PATH_MAX], link[PATH_MAX];
  put("secret", "secret");
  put("outside", "outside");
  snprintf(link, sizeof link, "%s/start/passwd", root);
  ck_assert_int_eq(symlink("/etc/passwd", link), 0);
  snprintf(link, sizeof link, "%s/start/etc", root);
  ck_assert_int_eq(symlink("/etc", link), 0);
  snprintf(link, sizeof link, "%s/start/loop", root);
  ck_assert_int_eq(symlink("..", link), 0);
  snprintf(link, sizeof link, "%s/start/gone", root);
  ck_assert_int_eq(symlink("nowhere", link), 0);
  snprintf(link, sizeof link, "%s/start/near", root);
  ck_assert_int_eq(symlink("../demos/a/index.html", link), 0);
  snprintf(link, sizeof link, "%s/start/beside", root); /* of a folder whose name only begins like ours */
  snprintf(target, sizeof target, "%s-beside", root);
  FILE *file = fopen(target, "w");
  ck_assert_ptr_nonnull(file);
  fclose(file);
  ck_assert_int_eq(symlink(target, link), 0);
  snprintf(link, sizeof link, "%s/console", root); /* a part that is a link is no part */
  ck_assert_int_eq(symlink("demos", link), 0);
  snprintf(link, sizeof link, "%s/start/pipe", root);
  ck_assert_int_eq(mkfifo(link, 0644), 0);
  folder_read(&folder);
  unlink(target);
  has("start/near", "<p>a");
  ck_assert_uint_eq(folder.len, 3);
}
END_TEST

START_TEST(changes) {
  struct file *old = folder_find(&folder, "demos/a/index.html"), *same = folder_find(&folder, "start/index.html");
  char tag[24], path[PATH_MAX];
  ck_assert(!folder_read(&folder));
  ck_assert_ptr_eq(folder_find(&folder, "demos/a/index.html"), old);
  strcpy(tag, old->tag);
  file_ref(old);                     /* an answer that is being sent */
  put("demos/a/index.html", "<p>b"); /* as long as before, and maybe within a tick of the clock */
  struct stat now;                   /* surely within a tick: nothing of it but its bytes tells */
  snprintf(path, sizeof path, "%s/demos/a/index.html", root);
  ck_assert_int_eq(stat(path, &now), 0);
  old->mark = (struct file_mark){now.st_ino, now.st_size, now.st_mtim, now.st_ctim};
  ck_assert(folder_read(&folder));
  has("demos/a/index.html", "<p>b");
  ck_assert_str_ne(folder_find(&folder, "demos/a/index.html")->tag, tag);
  ck_assert_ptr_eq(folder_find(&folder, "start/index.html"), same);
  ck_assert_int_eq(memcmp(old->body, "<p>a", 4), 0);
  file_unref(old);

  age("demos/a/index.html");
  put("demos/a/index.html", "<p>longer");
  ck_assert(folder_read(&folder));
  has("demos/a/index.html", "<p>longer");
  old = folder_find(&folder, "demos/a/index.html");
  age("demos/a/index.html");
  put("demos/a/index.html", "<p>longer"); /* touched: it stays the same, with its gzip form */
  ck_assert(!folder_read(&folder));
  ck_assert_ptr_eq(folder_find(&folder, "demos/a/index.html"), old);

  put("demos/new/index.html", "new");
  ck_assert(folder_read(&folder));
  has("demos/new/index.html", "new");
  snprintf(path, sizeof path, "%s/demos/new/index.html", root);
  unlink(path);
  ck_assert(folder_read(&folder));
  has_not("demos/new/index.html");
  ck_assert(!folder_read(&folder));
}
END_TEST

START_TEST(bounds) {
  char text[400];
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  folder.most = 500;
  put("demos/b/index.html", text);
  ck_assert(folder_read(&folder));
  ck_assert_ptr_null(folder.left_out);
  put("demos/c/index.html", text);
  folder_read(&folder);
  ck_assert_str_eq(folder.left_out, "demos/c/index.html");
  has("demos/b/index.html", text);
  has_not("demos/c/index.html");
  has("start/index.html", "<p>start"); /* smaller, and behind it */
  ck_assert_uint_le(folder.bytes, 500);
  folder.most = 1 << 20;
  ck_assert(folder_read(&folder));
  has("demos/c/index.html", text);
  ck_assert_ptr_null(folder.left_out);
}
END_TEST

START_TEST(a_folder_that_goes) {
  char away[80];
  snprintf(away, sizeof away, "%s-away", root);
  ck_assert_int_eq(rename(root, away), 0);
  ck_assert(!folder_read(&folder));
  has("start/index.html", "<p>start"); /* what there was stays */
  ck_assert_int_eq(rename(away, root), 0);
  ck_assert(!folder_read(&folder));
}
END_TEST

/* A daemon with as many connections as it may have goes on serving what it has. */
START_TEST(no_descriptor_left) {
  struct rlimit before, none;
  ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
  none = before;
  none.rlim_cur = 0;
  put("start/index.html", "<p>other");
  put("demos/new/index.html", "new");
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
  bool changed = folder_read(&folder);
  ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
  ck_assert(!changed);
  has("start/index.html", "<p>start");
  has("demos/a/index.html", "<p>a");
  ck_assert(folder_read(&folder));
  has("start/index.html", "<p>other");
  has("demos/new/index.html", "new");
}
END_TEST

START_TEST(packing) {
  static unsigned char text[100000], again[sizeof text + 1];
  size_t len, again_len = 0;
  for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)((size_t) "export const "[i % 13] + i / 5000);
  unsigned char *packed = file_pack(text, sizeof text, &len);
  ck_assert_ptr_nonnull(packed);
  ck_assert_uint_lt(len, sizeof text / 10);
  z_stream stream = {.next_in = packed, .avail_in = (uInt)len, .next_out = again, .avail_out = sizeof again};
  ck_assert_int_eq(inflateInit2(&stream, MAX_WBITS + 16), Z_OK);
  ck_assert_int_eq(inflate(&stream, Z_FINISH), Z_STREAM_END);
  again_len = stream.total_out;
  inflateEnd(&stream);
  ck_assert_uint_eq(again_len, sizeof text);
  ck_assert_int_eq(memcmp(text, again, sizeof text), 0);
  free(packed);
  ck_assert_ptr_null(file_pack(text, 200, &len)); /* small */
  uint32_t noise = 1;
  for (size_t i = 0; i < sizeof text; i++) text[i] = (unsigned char)((noise = noise * 1664525 + 1013904223) >> 24);
  ck_assert_ptr_null(file_pack(text, sizeof text, &len)); /* no smaller */
  char tag[24], other[24];
  file_tag("abc", 3, tag);
  file_tag("abd", 3, other);
  ck_assert_uint_eq(strlen(tag), 18);
  ck_assert(tag[0] == '"' && tag[17] == '"');
  ck_assert_str_ne(tag, other);
  struct file *file = file_new("x", NULL, 0);
  ck_assert_uint_eq(strlen(file->packed_tag), 21);
  ck_assert_str_eq(file->packed_tag + 17, "-gz\"");
  file_unref(file);
  file_unref(NULL);
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("web/folder");
  TCase *tests = tcase_create("all");
  tcase_add_checked_fixture(tests, begin, end);
  tcase_add_test(tests, what_there_is);
  tcase_add_test(tests, links);
  tcase_add_test(tests, changes);
  tcase_add_test(tests, bounds);
  tcase_add_test(tests, a_folder_that_goes);
  tcase_add_test(tests, no_descriptor_left);
  tcase_add_test(tests, packing);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
