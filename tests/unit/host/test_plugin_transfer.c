/* core/host/plugin_transfer: the one plugin that keeps rooms is asked, and what it may call works without a server. */
#include <errno.h>

#include "main.h"
#include "plugged.h"

static int room_load(void *self, struct eddy_room *room, struct eddy_text name) {
  (void)self, (void)room, (void)name;
  return 0;
}

static int load_never(const struct eddy_host *host, struct eddy_core *core, void **self) {
  (void)host, (void)core, (void)self;
  ck_abort_msg("it was loaded");
}

static int check(struct eddy_core *core, const struct eddy_transfer *transfer, enum eddy_encoding encoding,
                 const char *key, const char *value, size_t len) {
  const struct eddy_value given = {encoding, {value, len}};
  return transfer->check(core, text_of(key), &given);
}

/* Its result is what the room is called. */
static int transfer(const struct eddy_host *host, struct eddy_core *core, struct eddy_transfer *transfer) {
  host->log(core, EDDY_LOG_WARN, "at work");
  ck_assert_str_eq(host->option_text(core, "text"), "a text");
  ck_assert_uint_eq(host->option_number(core, "number"), 5);
  ck_assert_uint_eq(transfer->size, sizeof *transfer);
  ck_assert_int_eq(check(core, transfer, EDDY_JSON, "k", "[1]", 3), 0);
  ck_assert_int_eq(check(core, transfer, EDDY_CBOR, "", "\x81\0", 2), 0);
  ck_assert_int_eq(check(core, transfer, EDDY_JSON, "k", "[1", 2), -EINVAL);
  ck_assert_int_eq(check(core, transfer, EDDY_JSON, "k", "1 2", 3), -EINVAL);
  ck_assert_int_eq(check(core, transfer, EDDY_JSON, "k", "", 0), -EINVAL);
  ck_assert_int_eq(check(core, transfer, EDDY_CBOR, "k", "\x81", 1), -EINVAL);
  ck_assert_int_eq(check(core, transfer, EDDY_CBOR, "k", "\0\0", 2), -EINVAL);
  ck_assert_int_eq(check(core, transfer, EDDY_JSON, "\xff", "1", 1), -EINVAL);
  transfer->rooms = 3;
  memset(transfer->why, 'x', sizeof transfer->why);
  return transfer->room.len ? -atoi(transfer->room.at) : 0;
}

static const struct eddy_plugin KEEPER = {
    .name = "keeper", .load = load_never, .room_load = room_load, .transfer = transfer};
static const struct eddy_plugin OTHER = {.name = "other", .load = load_never};
static const struct eddy_plugin OLD = {.name = "old", .load = load_never, .room_load = room_load};

static struct plugged plugged;

static int transferred(struct eddy_transfer *transfer) {
  return ed_plugins_transfer(plugged.specs, plugged.len, NULL, transfer);
}

static void begin(void) { plugged.len = 0; }

START_TEST(asked) {
  static const struct ed_plugin_setting settings[] = {{"text", "a text", 0}, {"number", NULL, 5}};
  plug(&plugged, &OTHER);
  plug(&plugged, &KEEPER);
  plugged.specs[1].settings = settings;
  plugged.specs[1].settings_len = 2;
  char *log;
  size_t len;
  FILE *out = open_memstream(&log, &len);
  const struct ed_log to = {.out = out, .level = ED_LOG_WARN};
  struct eddy_transfer wanted = {.fd = 1};
  ck_assert_int_eq(ed_plugins_transfer(plugged.specs, plugged.len, &to, &wanted), 0);
  fclose(out);
  ck_assert_ptr_nonnull(strstr(log, "keeper"));
  ck_assert_ptr_nonnull(strstr(log, "at work"));
  free(log);
  ck_assert_uint_eq(wanted.rooms, 3);
  ck_assert_uint_eq(strlen(wanted.why), sizeof wanted.why - 1); /* it ends, whatever the plugin wrote */
  wanted.room = text_of("16");
  ck_assert_int_eq(transferred(&wanted), -16);
}
END_TEST

START_TEST(nobody_to_ask) {
  struct eddy_transfer wanted = {.fd = 1};
  ck_assert_int_eq(transferred(&wanted), -ENOSYS);
  ck_assert_ptr_nonnull(strstr(wanted.why, "no plugin that keeps rooms"));
  plug(&plugged, &OTHER);
  ck_assert_int_eq(transferred(&wanted), -ENOSYS);
  plug(&plugged, &OLD);
  ck_assert_int_eq(transferred(&wanted), -ENOSYS);
  ck_assert_str_eq(wanted.why, "the plugin old has no export and import");
  plug(&plugged, &KEEPER);
  ck_assert_int_eq(transferred(&wanted), -ENOSYS);
  ck_assert_str_eq(wanted.why, "the plugins old and keeper both keep rooms: there can be one only");
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("host/plugin_transfer");
  TCase *tests = tcase_create("plugin_transfer");
  tcase_add_checked_fixture(tests, begin, NULL);
  tcase_add_test(tests, asked);
  tcase_add_test(tests, nobody_to_ask);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
