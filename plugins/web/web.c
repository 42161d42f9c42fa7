/* What people look at: files of a folder, and QR codes. */
#include <ctype.h>
#include <errno.h>

#include "folder.h"
#include "packer.h"
#include "place.h"
#include "qr.h"
#include "request.h"

#define LOOK_MS 1000 /* the folder is looked at for changes at most so often, and only when somebody asks */
#define FIELDS_MAX 8
#define POLICY                                                                                          \
  "default-src 'self'; connect-src *; img-src 'self' data: blob:; object-src 'none'; base-uri 'none'; " \
  "frame-ancestors 'self'"

struct web {
  const struct eddy_host *host;
  struct eddy_core *core;
  struct folder folder;
  struct packer *packer;
  uint64_t looked_ms;
  uint64_t codes, codes_ms;   /* QR codes that may be made now, in thousandths; and as of when */
  struct text body, location; /* of the answer at hand */
  char tag[24];
  struct eddy_http_field fields[FIELDS_MAX];
  size_t fields_len;
};

/* One request, and its answer. */
struct exchange {
  struct web *web;
  const struct eddy_http_request *request;
  struct eddy_http_answer *answer;
};

static const struct eddy_option OPTIONS[] = {
    {.name = "files",
     .kind = EDDY_OPTION_TEXT,
     .standard = "",
     .help = "The folder of the pages; without a name, the one that is installed."},
    {.name = "memory",
     .kind = EDDY_OPTION_SIZE,
     .standard = "32MiB",
     .min = 64 * 1024,
     .max = 1024 * 1024 * 1024,
     .help = "How much of it is served, at most: it is kept in memory."},
    {.name = "qrcodes",
     .kind = EDDY_OPTION_COUNT,
     .standard = "20",
     .max = 10000,
     .help = "QR codes that are made in a second, at most."},
    {.name = NULL},
};

/* The first part of what is asked for; the last is no folder. */
static const char *const PATHS[] = {"", "start", "console", "demos", "client", "react", "qrcode", NULL};

static struct eddy_text text_of(const char *text) { return (struct eddy_text){text, strlen(text)}; }

/* ---- answers ---- */

static void add_field(struct web *web, const char *name, const char *value) {
  if (web->fields_len < FIELDS_MAX)
    web->fields[web->fields_len++] = (struct eddy_http_field){text_of(name), text_of(value)};
}

static void answer_error(const struct exchange *at, int status, const char *json) {
  at->answer->status = status;
  at->answer->body = text_of(json);
}

static void answer_nothing_here(const struct exchange *at) {
  answer_error(at, 404, "{\"error\":\"there is nothing here\"}");
}

/* What the browser keeps it asks about every time: so it never shows what is old. True: it has this one. */
static bool answer_known(const struct exchange *at, const char *tag) {
  add_field(at->web, "Cache-Control", "no-cache");
  add_field(at->web, "ETag", tag);
  if (!request_has_tag(at->request->if_none_match, tag)) return false;
  at->answer->status = 304;
  return true;
}

/* What was written to web->body. */
static void answer_body(const struct exchange *at, const char *type) {
  at->answer->content_type = text_of(type);
  at->answer->body = (struct eddy_text){at->web->body.at, at->web->body.len};
}

/* As a browser sends it: what else there is in a query does not go into a header. */
static bool is_plain(struct eddy_text text) {
  for (size_t i = 0; i < text.len; i++)
    if (text.at[i] <= ' ' || text.at[i] > '~') return false;
  return true;
}

/* Below the path that was asked for, as a reference that leads there whatever a proxy has put in front. */
static void answer_elsewhere(const struct exchange *at, const char *where) {
  struct text *location = &at->web->location;
  struct eddy_text query = at->request->query;
  location->len = 0;
  text_add_text(location, "./");
  for (const char *c = where; *c; c++) {
    if (isalnum((unsigned char)*c) || strchr("-._~/", *c))
      text_add(location, c, 1);
    else
      text_printf(location, "%%%02X", (unsigned char)*c);
  }
  if (query.len && is_plain(query)) {
    text_add(location, "?", 1);
    text_add(location, query.at, query.len);
  }
  text_add(location, "", 1);
  add_field(at->web, "Location", location->at);
  add_field(at->web, "Cache-Control", "no-cache");
  at->answer->status = 302;
}

/* ---- files ---- */

static void file_answer(const struct exchange *at, struct file *file) {
  struct web *web = at->web;
  bool packs = file->packed_len && request_takes_gzip(at->request->accept_encoding);
  const char *tag = packs ? file->packed_tag : file->tag, *other = packs ? file->tag : file->packed_tag;
  add_field(web, "Vary", "Accept-Encoding");
  /* Whoever has it in the other form needs it no more in this one. */
  if (answer_known(at, request_has_tag(at->request->if_none_match, other) ? other : tag)) return;
  if (packs) add_field(web, "Content-Encoding", "gzip");
  at->answer->content_type = text_of(request_type(file->path));
  at->answer->body = packs ? (struct eddy_text){(const char *)file->packed, file->packed_len}
                           : (struct eddy_text){(const char *)file->body, file->len};
  at->answer->body_done = file_unref;
  at->answer->body_arg = file_ref(file);
}

static void note_left_out(struct web *web, const char *before) {
  char line[640];
  const char *now = web->folder.left_out;
  if (!now || (before && strcmp(before, now) == 0)) return;
  snprintf(line, sizeof line,
           "%.300s/%.200s and maybe more is not served: it is too much (plugins.web.memory), or too many files",
           web->folder.root, now);
  web->host->log(web->core, EDDY_LOG_WARN, line);
}

/* Looks at the folder. A few hundred microseconds where nothing has changed. */
static void look(struct web *web) {
  char *before = web->folder.left_out ? mem_check(strdup(web->folder.left_out)) : NULL;
  if (folder_read(&web->folder)) {
    for (size_t i = 0; i < web->folder.len; i++) packer_add(web->packer, web->folder.files[i]);
    note_left_out(web, before);
  }
  web->looked_ms = web->host->now_ms(web->core);
  free(before);
}

static bool is_folder(const struct folder *folder, const char *path) {
  char index[REQUEST_PATH_MAX + 16];
  snprintf(index, sizeof index, "%s/index.html", path);
  return folder_find(folder, index) != NULL;
}

/* With a slash at its end, from where its pages' links are meant. */
static void answer_folder(const struct exchange *at, const char *path) {
  char name[REQUEST_PATH_MAX + 2];
  const char *slash = strrchr(path, '/');
  snprintf(name, sizeof name, "%s/", slash ? slash + 1 : path);
  answer_elsewhere(at, name);
}

static void files(const struct exchange *at) {
  struct web *web = at->web;
  struct eddy_text asked = at->request->own_path;
  char path[REQUEST_PATH_MAX];
  if (!request_path(asked, path)) {
    answer_nothing_here(at);
    return;
  }
  if (web->host->now_ms(web->core) - web->looked_ms >= LOOK_MS) look(web);
  struct file *file = folder_find(&web->folder, path);
  bool is_start = strcmp(path, "start/index.html") == 0;
  if (is_start && asked.len > 1)
    answer_elsewhere(at, "../"); /* it is at /, and its links are from there */
  else if (strcmp(path, "start") == 0)
    answer_elsewhere(at, "");
  else if (file)
    file_answer(at, file);
  else if (is_folder(&web->folder, path))
    answer_folder(at, path);
  else
    answer_nothing_here(at);
}

/* ---- what is made ---- */

static void add_json_text(struct text *out, const char *text) {
  text_add_text(out, "\"");
  for (; *text; text++) {
    if (*text == '"' || *text == '\\')
      text_printf(out, "\\%c", *text);
    else if ((unsigned char)*text < 0x20)
      text_printf(out, "\\u%04x", (unsigned)*text);
    else
      text_add(out, text, 1);
  }
  text_add_text(out, "\"");
}

static int add_space(void *arg, const struct eddy_space *space) {
  struct text *out = arg;
  if (out->at[out->len - 1] != '[') text_add_text(out, ",");
  add_json_text(out, space->name);
  return 0;
}

static void server_json(const struct exchange *at) {
  struct web *web = at->web;
  web->body.len = 0;
  text_add_text(&web->body, "{\"version\":");
  add_json_text(&web->body, web->host->version);
  text_add_text(&web->body, ",\"namespaces\":[");
  web->host->spaces_each(web->core, add_space, &web->body);
  text_printf(&web->body, "],\"demos\":%s}\n", folder_find(&web->folder, "demos/index.json") ? "true" : "false");
  file_tag(web->body.at, web->body.len, web->tag);
  if (!answer_known(at, web->tag)) answer_body(at, "application/json");
}

/* A code takes milliseconds: too many strangers that want one shall not keep the rooms waiting. */
static bool may_make_code(struct web *web) {
  uint64_t rate = web->host->option_number(web->core, "qrcodes"), now_ms = web->host->now_ms(web->core);
  web->codes += (now_ms - web->codes_ms) * rate;
  web->codes_ms = now_ms;
  if (web->codes > rate * 1000) web->codes = rate * 1000;
  if (web->codes < 1000) return false;
  web->codes -= 1000;
  return true;
}

/* A number of QR_SIZE_MIN to QR_SIZE_MAX; 0: it is none. */
static unsigned size_of(const char *text) {
  unsigned number = 0;
  size_t len = strlen(text);
  if (len == 0 || len > 4 || strspn(text, "0123456789") != len) return 0;
  for (; *text; text++) number = number * 10 + (unsigned)(*text - '0');
  return number >= QR_SIZE_MIN && number <= QR_SIZE_MAX ? number : 0;
}

/* What is wrong with the arguments: NULL, or an answer. */
static const char *read_arguments(struct eddy_text query, char text[QR_TEXT_MAX + 1], bool *png, unsigned *size) {
  char format[8] = "svg", number[8] = "";
  int sized = request_argument(query, "size", number, sizeof number - 1);
  int formed = request_argument(query, "format", format, sizeof format - 1);
  *png = strcmp(format, "png") == 0;
  *size = sized ? size_of(number) : QR_SIZE;
  if (request_argument(query, "url", text, QR_TEXT_MAX) != 1 || !*text)
    return "{\"error\":\"url is to be a text of 1 to 1024 bytes, percent-encoded\"}";
  if (formed < 0 || (!*png && strcmp(format, "svg") != 0)) return "{\"error\":\"format is svg or png\"}";
  if (sized < 0 || *size == 0) return "{\"error\":\"size is a number of 64 to 2048\"}";
  return NULL;
}

static void qr_code(const struct exchange *at) {
  struct web *web = at->web;
  char text[QR_TEXT_MAX + 1];
  bool png;
  unsigned size;
  const char *wrong = read_arguments(at->request->query, text, &png, &size);
  if (wrong) {
    answer_error(at, 400, wrong);
    return;
  }
  web->body.len = 0;
  text_printf(&web->body, "%s %u ", png ? "png" : "svg", size); /* that is all that it depends on */
  text_add_text(&web->body, text);
  file_tag(web->body.at, web->body.len, web->tag);
  size_t fields = web->fields_len;
  if (answer_known(at, web->tag)) return;
  web->body.len = 0;
  bool may = may_make_code(web);
  if (may && (png ? qr_png(text, size, &web->body) : qr_svg(text, size, &web->body))) {
    answer_body(at, png ? "image/png" : "image/svg+xml");
    return;
  }
  web->fields_len = fields; /* errors are not kept */
  if (may) {
    answer_error(at, 503, "{\"error\":\"the QR code cannot be made\"}");
    return;
  }
  add_field(web, "Retry-After", "1");
  answer_error(at, 429, "{\"error\":\"more QR codes are asked for than plugins.web.qrcodes allows\"}");
}

/* ---- the plugin ---- */

static bool is(struct eddy_text text, const char *other) {
  return text.len == strlen(other) && memcmp(text.at, other, text.len) == 0;
}

static void http(void *self, const struct eddy_http_request *request, struct eddy_http_answer *answer) {
  struct web *web = self;
  const struct exchange at = {.web = web, .request = request, .answer = answer};
  web->fields_len = 0;
  add_field(web, "X-Content-Type-Options", "nosniff");
  add_field(web, "Content-Security-Policy", POLICY);
  if (!is(request->method, "GET")) {
    add_field(web, "Allow", "GET, HEAD, OPTIONS");
    answer_error(&at, 405, "{\"error\":\"this is only to be read\"}");
  } else if (is(request->own_path, "/qrcode")) {
    qr_code(&at);
  } else if (is(request->own_path, "/start/server.json")) {
    server_json(&at);
  } else {
    files(&at);
  }
  answer->fields = web->fields;
  answer->fields_len = web->fields_len;
}

static void unload(void *self) {
  struct web *web = self;
  if (web->packer) packer_free(web->packer);
  folder_deinit(&web->folder);
  text_free(&web->body);
  text_free(&web->location);
  free(web);
}

/* The folder, or a line in the log. */
static bool open_folder(struct web *web) {
  char why[512] = "";
  const char *named = web->host->option_text(web->core, "files");
  char *root = *named ? mem_check(strdup(named)) : place_find(why);
  bool fine = root && folder_init(&web->folder, root, web->host->option_number(web->core, "memory"));
  if (root && !fine) snprintf(why, sizeof why, "%.400s (plugins.web.files) is no folder", root);
  if (!fine) web->host->log(web->core, EDDY_LOG_ERROR, why);
  free(root);
  return fine;
}

static int load(const struct eddy_host *host, struct eddy_core *core, void **self) {
  if (!EDDY_HAS(host, spaces_each)) {
    host->log(core, EDDY_LOG_ERROR, "this plugin needs a newer eddyd");
    return -ENOSYS;
  }
  struct web *web = mem_zalloc(sizeof *web);
  web->host = host;
  web->core = core;
  web->codes = host->option_number(core, "qrcodes") * 1000;
  web->codes_ms = host->now_ms(core);
  if (!open_folder(web)) {
    unload(web);
    return -ENOENT;
  }
  web->packer = packer_new(host, core);
  look(web);
  *self = web;
  return 0;
}

const struct eddy_plugin eddy_plugin = {
    .abi = EDDY_ABI,
    .size = sizeof eddy_plugin,
    .name = "web",
    .options = OPTIONS,
    .load = load,
    .unload = unload,
    .http = http,
    .paths = PATHS,
};
