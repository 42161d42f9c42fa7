#include "request.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#define INDEX "index.html"

/* ---- the path ---- */

static bool segment_valid(const char *at, size_t len) {
  if (len == 0 || at[0] == '.') return false;
  for (size_t i = 0; i < len; i++)
    if ((unsigned char)at[i] < 0x20 || at[i] == 0x7f || at[i] == '\\') return false;
  return true;
}

bool request_path(struct eddy_text asked, char path[REQUEST_PATH_MAX]) {
  if (asked.len == 0 || asked.at[0] != '/' || asked.len + sizeof INDEX > REQUEST_PATH_MAX) return false;
  if (asked.len == 1) {
    memcpy(path, "start/" INDEX, sizeof "start/" INDEX);
    return true;
  }
  const char *at = asked.at + 1, *end = asked.at + asked.len;
  while (at < end) {
    const char *slash = memchr(at, '/', (size_t)(end - at));
    if (!segment_valid(at, (size_t)((slash ? slash : end) - at))) return false;
    at = slash ? slash + 1 : end;
  }
  bool folder = asked.at[asked.len - 1] == '/';
  memcpy(path, asked.at + 1, asked.len - 1);
  memcpy(path + asked.len - 1, folder ? INDEX : "", folder ? sizeof INDEX : 1);
  return true;
}

const char *request_type(const char *path) {
  static const char *const types[][2] = {
      {".html", "text/html; charset=utf-8"},
      {".css", "text/css; charset=utf-8"},
      {".js", "text/javascript; charset=utf-8"},
      {".mjs", "text/javascript; charset=utf-8"},
      {".json", "application/json"},
      {".map", "application/json"},
      {".webmanifest", "application/manifest+json"},
      {".wasm", "application/wasm"},
      {".svg", "image/svg+xml"},
      {".png", "image/png"},
      {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},
      {".gif", "image/gif"},
      {".webp", "image/webp"},
      {".ico", "image/x-icon"},
      {".woff2", "font/woff2"},
      {".woff", "font/woff"},
      {".mp3", "audio/mpeg"},
      {".ogg", "audio/ogg"},
      {".webm", "video/webm"},
      {".pdf", "application/pdf"},
      /* To be read, not run: a browser shows them. */
      {".ts", "text/plain; charset=utf-8"},
      {".md", "text/plain; charset=utf-8"},
      {".lua", "text/plain; charset=utf-8"},
      {".txt", "text/plain; charset=utf-8"},
  };
  size_t len = strlen(path);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    size_t end = strlen(types[i][0]);
    if (len > end && strcasecmp(path + len - end, types[i][0]) == 0) return types[i][1];
  }
  return "application/octet-stream";
}

/* ---- the query ---- */

static int digit(char c) {
  const char *const digits = "0123456789abcdef";
  const char *found = c ? strchr(digits, tolower((unsigned char)c)) : NULL;
  return found ? (int)(found - digits) : -1;
}

/* The byte at `*at`, which moves on; -1 where it is none. */
static int next_byte(const char **at, const char *end) {
  char c = *(*at)++;
  if (c == '+') return ' ';
  if (c != '%') return (unsigned char)c;
  if (end - *at < 2) return -1;
  int high = digit((*at)[0]), low = digit((*at)[1]);
  *at += 2;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/* Shortest forms only, no surrogates, nothing above U+10FFFF. */
static bool is_utf8(const unsigned char *at, size_t len) {
  for (size_t i = 0; i < len;) {
    unsigned char c = at[i++];
    if (c < 0x80) continue;
    size_t more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;
    unsigned low = 0x80, high = 0xbf;
    if (c < 0xc2 || c > 0xf4 || len - i < more) return false;
    if (c == 0xe0) low = 0xa0;
    if (c == 0xed) high = 0x9f;
    if (c == 0xf0) low = 0x90;
    if (c == 0xf4) high = 0x8f;
    for (; more; more--, i++, low = 0x80, high = 0xbf)
      if (at[i] < low || at[i] > high) return false;
  }
  return true;
}

static int decode(const char *at, const char *end, char *value, size_t most) {
  size_t len = 0;
  while (at < end) {
    int byte = next_byte(&at, end);
    if (byte <= 0 || len >= most) return -1;
    value[len++] = (char)byte;
  }
  value[len] = 0;
  return is_utf8((const unsigned char *)value, len) ? 1 : -1;
}

int request_argument(struct eddy_text query, const char *name, char *value, size_t most) {
  size_t name_len = strlen(name);
  const char *at = query.at, *end = query.at + query.len;
  while (query.len && at < end) {
    const char *stop = memchr(at, '&', (size_t)(end - at));
    if (!stop) stop = end;
    if ((size_t)(stop - at) > name_len && memcmp(at, name, name_len) == 0 && at[name_len] == '=')
      return decode(at + name_len + 1, stop, value, most);
    at = stop + 1;
  }
  return 0;
}

/* ---- fields ---- */

/* The next element of a list between commas, without the space around it; false at its end. */
static bool next_element(struct eddy_text *list, struct eddy_text *element) {
  if (list->len == 0) return false;
  const char *comma = memchr(list->at, ',', list->len);
  size_t len = comma ? (size_t)(comma - list->at) : list->len;
  *element = (struct eddy_text){list->at, len};
  list->at += len + (comma != NULL);
  list->len -= len + (comma != NULL);
  while (element->len && isspace((unsigned char)element->at[0])) element->at++, element->len--;
  while (element->len && isspace((unsigned char)element->at[element->len - 1])) element->len--;
  return true;
}

bool request_has_tag(struct eddy_text field, const char *tag) {
  struct eddy_text element;
  while (next_element(&field, &element)) {
    if (element.len == 1 && element.at[0] == '*') return true;
    if (element.len > 2 && memcmp(element.at, "W/", 2) == 0) element.at += 2, element.len -= 2;
    if (element.len == strlen(tag) && memcmp(element.at, tag, element.len) == 0) return true;
  }
  return false;
}

/* Whether the parameters behind a coding say q=0. */
static bool is_refused(const char *at, const char *end) {
  while (at < end && (*at == ';' || isspace((unsigned char)*at))) at++;
  if (end - at < 3 || tolower((unsigned char)at[0]) != 'q' || at[1] != '=' || at[2] != '0') return false;
  for (at += 3; at < end; at++)
    if (*at != '0' && *at != '.') return false;
  return true;
}

bool request_takes_gzip(struct eddy_text field) {
  struct eddy_text element;
  bool any = false;
  while (next_element(&field, &element)) {
    const char *end = element.at + element.len, *mark = memchr(element.at, ';', element.len);
    size_t len = mark ? (size_t)(mark - element.at) : element.len;
    while (len && isspace((unsigned char)element.at[len - 1])) len--;
    bool takes = !is_refused(element.at + len, end);
    if (len == 4 && strncasecmp(element.at, "gzip", 4) == 0) return takes;
    if (len == 1 && element.at[0] == '*') any = takes;
  }
  return any;
}
