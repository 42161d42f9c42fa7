/* From a value as it was written to the field where its knob lands. */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "admin/admin.h"
#include "base/mem.h"
#include "base/units.h"
#include "main/config.h"
#include "main/knobs.h"
#include "net/net.h"

#define EXACT_MAX 9007199254740992.0 /* 2^53: whole numbers up to here are exact in Lua */

/* 0, or -EINVAL and what is wrong. */
typedef int check_fn(const char *text, char why[128]);

static const char *kind_wanted(enum ed_kind kind) {
  switch (kind) {
    case ED_KIND_DURATION: return "a duration such as \"5s\"";
    case ED_KIND_SIZE: return "a size such as \"64KiB\"";
    case ED_KIND_COUNT: return "a whole number";
    case ED_KIND_BOOL: return "true or false";
    case ED_KIND_ADDRESSES:
    case ED_KIND_NETWORKS:
    case ED_KIND_ORIGINS: return "a text or a list of texts";
    case ED_KIND_RATE: return "a rate such as \"20/s\" or \"20/s burst 100\", or \"off\"";
    case ED_KIND_BYTE_RATE: return "a rate such as \"64KiB/s\" or \"64KiB/s burst 1MiB\", or \"off\"";
    default: return "a text";
  }
}

static void wrong_kind(const struct ed_knob *knob, const struct ed_node *node, const struct ed_report *report) {
  const char *wanted = kind_wanted(knob->kind);
  switch (node->kind) {
    case ED_NODE_TABLE: ed_report(report, node, "expected %s, not a table", wanted); break;
    case ED_NODE_BOOL: ed_report(report, node, "expected %s, not %s", wanted, node->flag ? "true" : "false"); break;
    case ED_NODE_NUMBER: /* of a NaN the sign would be printed, too */
      ed_report(report, node, "expected %s, not %.14g", wanted, isnan(node->number) ? (double)NAN : node->number);
      break;
    case ED_NODE_TEXT: ed_report(report, node, "expected %s, not \"%s\"", wanted, node->text); break;
    case ED_NODE_OTHER: ed_report(report, node, "expected %s, not %s", wanted, node->text); break;
  }
}

/* From the command line, where all is text, or as a number in Lua. */
static int parse_count(const struct ed_node *node, uint64_t *out) {
  if (node->kind == ED_NODE_NUMBER) {
    if (!(node->number >= 0)) return -EINVAL; /* a NaN, too */
    if (node->number > EXACT_MAX) return -ERANGE;
    *out = (uint64_t)node->number;
    return (double)*out == node->number ? 0 : -EINVAL;
  }
  if (node->kind != ED_NODE_TEXT || !node->origin) return -EINVAL;
  size_t len = strlen(node->text);
  if (!len || strspn(node->text, "0123456789") != len) return -EINVAL;
  *out = strtoull(node->text, NULL, 10); /* too many digits: the largest, and so beyond every range */
  return 0;
}

static int parse_duration(const struct ed_node *node, uint64_t *ms) {
  if (node->kind == ED_NODE_TEXT) return ed_units_duration(node->text, ms);
  if (node->kind != ED_NODE_NUMBER || !(node->number >= 0)) return -EINVAL;
  if (node->number > EXACT_MAX / 1000) return -ERANGE;
  *ms = (uint64_t)(node->number * 1000 + 0.5);
  return 0;
}

static int parse_size(const struct ed_node *node, uint64_t *bytes) {
  return node->kind == ED_NODE_TEXT ? ed_units_size(node->text, bytes) : parse_count(node, bytes);
}

static void set_number(const struct ed_knob *knob, uint64_t *field, const struct ed_node *node,
                       const struct ed_report *report) {
  uint64_t value = 0;
  int rc = knob->kind == ED_KIND_DURATION ? parse_duration(node, &value)
           : knob->kind == ED_KIND_SIZE   ? parse_size(node, &value)
                                          : parse_count(node, &value);
  if (rc == -EINVAL) {
    wrong_kind(knob, node, report);
  } else if (rc == -ERANGE || value < knob->min || value > knob->max) {
    char range[80];
    ed_knob_range(knob, range);
    ed_report(report, node, "out of range (%s)", range);
  } else {
    *field = value;
  }
}

static void set_rate(const struct ed_knob *knob, struct ed_rate *field, const struct ed_node *node,
                     const struct ed_report *report) {
  int rc = node->kind == ED_NODE_TEXT ? ed_rate_parse(node->text, knob->kind == ED_KIND_BYTE_RATE, field) : -EINVAL;
  if (rc == -ERANGE)
    ed_report(report, node, "out of range (to %u in each s, m or h, and at once)", (unsigned)ED_RATE_MAX);
  else if (rc)
    wrong_kind(knob, node, report);
}

static void set_bool(const struct ed_knob *knob, bool *field, const struct ed_node *node,
                     const struct ed_report *report) {
  bool text = node->kind == ED_NODE_TEXT && node->origin;
  if (node->kind == ED_NODE_BOOL)
    *field = node->flag;
  else if (text && (strcmp(node->text, "true") == 0 || strcmp(node->text, "false") == 0))
    *field = node->text[0] == 't';
  else
    wrong_kind(knob, node, report);
}

static int wrong(char why[128], const char *text) {
  snprintf(why, 128, "%s", text);
  return -EINVAL;
}

static int check_level(const char *text, char why[128]) {
  struct ed_log_levels levels;
  if (ed_log_levels_parse(text, &levels) == 0) return 0;
  return wrong(why, "a log level is error, warn, info or debug; net=info that of a part");
}

static int check_format(const char *text, char why[128]) {
  enum ed_log_format format;
  return ed_log_format_parse(text, &format) ? wrong(why, "a log is written as logfmt or json") : 0;
}

static int check_slow(const char *text, char why[128]) {
  return strcmp(text, "close") != 0 && strcmp(text, "conflate") != 0 ? wrong(why, "it is close or conflate") : 0;
}

bool ed_knob_name_valid(const char *name) {
  size_t len = strlen(name);
  return len >= 1 && len <= 64 &&
         strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

static int check_name(const char *text, char why[128]) {
  return ed_knob_name_valid(text) ? 0 : wrong(why, "a name is 1 to 64 of A-Z a-z 0-9 _ -");
}

static int check_path(const char *text, char why[128]) { return *text ? 0 : wrong(why, "a path is not empty"); }

static int check_admin(const char *text, char why[128]) {
  if (strcmp(text, "auto") == 0 || strcmp(text, "off") == 0) return 0;
  return ed_net_check_listen(text, why);
}

static int check_key(const char *text, char why[128]) {
  size_t len = strlen(text);
  bool plain = true;
  for (const char *c = text; *c; c++) plain = plain && *c > ' ' && *c < 0x7f;
  if (plain && len >= ED_ADMIN_KEY_MIN && len <= ED_ADMIN_KEY_MAX) return 0;
  snprintf(why, 128, "a key is %d to %d printable characters, without spaces", ED_ADMIN_KEY_MIN, ED_ADMIN_KEY_MAX);
  return -EINVAL;
}

static check_fn *check_of(enum ed_kind kind) {
  switch (kind) {
    case ED_KIND_LEVEL: return check_level;
    case ED_KIND_SLOW: return check_slow;
    case ED_KIND_FORMAT: return check_format;
    case ED_KIND_NAME: return check_name;
    case ED_KIND_URL: return ed_net_check_public_url;
    case ED_KIND_ADMIN: return check_admin;
    case ED_KIND_KEY: return check_key;
    case ED_KIND_ADDRESSES: return ed_net_check_listen;
    case ED_KIND_NETWORKS: return ed_net_check_proxy;
    case ED_KIND_ORIGINS: return ed_net_check_origin;
    default: return check_path;
  }
}

static bool text_valid(const struct ed_knob *knob, const struct ed_node *node, const char *text,
                       const struct ed_report *report) {
  char why[128];
  if (check_of(knob->kind)(text, why) == 0) return true;
  if (knob->kind == ED_KIND_KEY)
    ed_report(report, node, "%s", why);
  else
    ed_report(report, node, "\"%s\": %s", text, why);
  return false;
}

static void set_text(const struct ed_knob *knob, void *field, const struct ed_node *node,
                     const struct ed_report *report) {
  if (node->kind != ED_NODE_TEXT) {
    wrong_kind(knob, node, report);
    return;
  }
  if (!text_valid(knob, node, node->text, report)) return;
  if (knob->kind == ED_KIND_LEVEL) {
    (void)ed_log_levels_parse(node->text, field);
    return;
  }
  if (knob->kind == ED_KIND_FORMAT) {
    (void)ed_log_format_parse(node->text, field);
    return;
  }
  if (knob->kind == ED_KIND_SLOW) {
    *(enum ed_slow *)field = strcmp(node->text, "close") == 0 ? ED_SLOW_CLOSE : ED_SLOW_CONFLATE;
    return;
  }
  const char **owned = field;
  free((char *)*owned);
  *owned = ed_strdup(node->text);
}

static void texts_release(struct ed_texts *texts) {
  for (size_t i = 0; i < texts->len; i++) free((char *)texts->list[i]);
  free(texts->list);
  *texts = (struct ed_texts){0};
}

static void texts_add(const struct ed_knob *knob, struct ed_texts *texts, const struct ed_node *node, const char *text,
                      const struct ed_report *report) {
  if (!text_valid(knob, node, text, report)) return;
  texts->list = ed_grow(texts->list, sizeof *texts->list, texts->len, &texts->cap);
  texts->list[texts->len++] = ed_strdup(text);
}

static void set_list(const struct ed_knob *knob, struct ed_texts *texts, const struct ed_node *node,
                     const struct ed_report *report) {
  if (node->kind != ED_NODE_TEXT && node->kind != ED_NODE_TABLE) {
    wrong_kind(knob, node, report);
    return;
  }
  texts_release(texts);
  bool empty = node->kind == ED_NODE_TEXT ? !*node->text : !node->children;
  if (empty) {
    if (knob->fallback) ed_report(report, node, "this needs a value");
  } else if (node->kind == ED_NODE_TEXT && node->origin) { /* -s proxies=10.0.0.0/8,::1 */
    char *copy = ed_strdup(node->text), *rest = copy;
    for (char *item; (item = strsep(&rest, ","));) texts_add(knob, texts, node, item, report);
    free(copy);
  } else if (node->kind == ED_NODE_TEXT) {
    texts_add(knob, texts, node, node->text, report);
  } else {
    const struct ed_node *item;
    DL_FOREACH(node->children, item) {
      if (item->name || item->kind != ED_NODE_TEXT)
        ed_report(report, item, "expected a text or a list of texts");
      else
        texts_add(knob, texts, item, item->text, report);
    }
  }
}

void ed_knob_set(const struct ed_knob *knob, void *home, const struct ed_node *node, const struct ed_report *report) {
  void *field = (char *)home + knob->at;
  switch (knob->kind) {
    case ED_KIND_DURATION:
    case ED_KIND_SIZE:
    case ED_KIND_COUNT: set_number(knob, field, node, report); break;
    case ED_KIND_BOOL: set_bool(knob, field, node, report); break;
    case ED_KIND_RATE:
    case ED_KIND_BYTE_RATE: set_rate(knob, field, node, report); break;
    case ED_KIND_ADDRESSES:
    case ED_KIND_NETWORKS:
    case ED_KIND_ORIGINS: set_list(knob, field, node, report); break;
    default: set_text(knob, field, node, report);
  }
}

void ed_knobs_default(enum ed_home kind, void *home, const struct ed_report *report) {
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    const struct ed_knob *knob = &ED_KNOBS[i];
    if (knob->home != kind || !knob->fallback) continue;
    struct ed_node *node = ed_node_new(NULL, knob->name, ED_NODE_TEXT);
    node->text = ed_strdup(knob->fallback);
    node->origin = ed_strdup("default"); /* as on the command line, a text stands for any kind */
    ed_knob_set(knob, home, node, report);
    ed_node_free(node);
  }
}

void ed_knobs_release(enum ed_home kind, void *home) {
  for (size_t i = 0; i < ED_KNOBS_LEN; i++) {
    void *field = (char *)home + ED_KNOBS[i].at;
    if (ED_KNOBS[i].home != kind) continue;
    switch (ED_KNOBS[i].kind) {
      case ED_KIND_NAME:
      case ED_KIND_PATH:
      case ED_KIND_ADMIN:
      case ED_KIND_KEY:
      case ED_KIND_URL: free((char *)*(const char **)field); break;
      case ED_KIND_ADDRESSES:
      case ED_KIND_NETWORKS:
      case ED_KIND_ORIGINS: texts_release(field); break;
      default: break;
    }
  }
}
