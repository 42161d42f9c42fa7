#include "main/plugin_knobs.h"

#include <inttypes.h>

#include "base/units.h"
#include "host/plugin.h"

struct listing {
  FILE *out;
  const char *folder;
};

static const char *kind_text(enum eddy_option_kind kind) {
  switch (kind) {
    case EDDY_OPTION_TEXT: return "text";
    case EDDY_OPTION_DURATION: return "duration";
    case EDDY_OPTION_SIZE: return "size";
    case EDDY_OPTION_COUNT: return "number";
    case EDDY_OPTION_BOOL: return "true or false";
  }
  return "";
}

static void number_text(enum eddy_option_kind kind, uint64_t number, char out[32]) {
  if (kind == EDDY_OPTION_DURATION)
    ed_units_duration_text(number, out);
  else if (kind == EDDY_OPTION_SIZE)
    ed_units_size_text(number, out);
  else
    snprintf(out, 32, "%" PRIu64, number);
}

static void print_range(FILE *out, const struct eddy_option *option) {
  char min[32], max[32];
  if (option->kind == EDDY_OPTION_TEXT) {
    if (option->one_of) fprintf(out, ", one of: %s", option->one_of);
  } else if (option->kind != EDDY_OPTION_BOOL && (option->min || option->max)) {
    number_text(option->kind, option->min, min);
    number_text(option->kind, option->max, max);
    fprintf(out, ", %s %s", min, option->max ? "to " : "or more");
    if (option->max) fputs(max, out);
  }
}

static void print_plugin(void *arg, const char *name) {
  const struct listing *listing = arg;
  FILE *out = listing->out;
  struct ed_plugin_file *file;
  char why[512];
  if (ed_plugin_file_open(&file, name, listing->folder, why)) {
    fprintf(out, "\nplugins.%s\n    It cannot be used: %s\n", name, why);
    return;
  }
  const struct eddy_option *option = ed_plugin_file_options(file);
  if (!option->name) fprintf(out, "\nplugins.%s\n    A plugin without options.\n", name);
  for (; option->name; option++) {
    fprintf(out, "\nplugins.%s.%s\n    %s", name, option->name, kind_text(option->kind));
    print_range(out, option);
    fprintf(out, "; default: %s\n    %s\n", *option->standard ? option->standard : "\"\"",
            option->help ? option->help : "");
  }
  ed_plugin_file_close(file);
}

void ed_plugin_knobs_print(FILE *out, const char *folder) {
  struct listing listing = {.out = out, .folder = folder};
  ed_plugin_files_each(folder, print_plugin, &listing);
}
