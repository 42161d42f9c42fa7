#include "main/tree.h"

#include <stdlib.h>
#include <string.h>
#include <utlist.h>

#include "base/buf.h"
#include "base/mem.h"

struct ed_node *ed_node_new(struct ed_node *parent, const char *name, enum ed_node_kind kind) {
  struct ed_node *node = ed_zalloc(sizeof *node);
  node->parent = parent;
  node->kind = kind;
  if (name) node->name = ed_strdup(name);
  /* After a DL_DELETE the analyzer takes the list's head for what was freed. */
  if (parent) DL_APPEND(parent->children, node); /* NOLINT(clang-analyzer-unix.Malloc) */
  return node;
}

/* The depth of a tree is bounded by who builds it, so recursion is. */
void ed_node_free(struct ed_node *node) {
  if (!node) return;
  struct ed_node *child, *spare;
  DL_FOREACH_SAFE(node->children, child, spare) ed_node_free(child);
  free(node->name);
  free(node->text);
  free(node->origin);
  free(node);
}

struct ed_node *ed_node_find(const struct ed_node *table, const char *name) {
  struct ed_node *child;
  DL_FOREACH(table->children, child) if (child->name && strcmp(child->name, name) == 0) return child;
  return NULL;
}

static void drop(struct ed_node *node) {
  DL_DELETE(node->parent->children, node);
  ed_node_free(node);
}

/* The table `name` in `parent`, made or cleared of what else was there. */
static struct ed_node *table_in(struct ed_node *parent, const char *name, const char *origin) {
  struct ed_node *child = ed_node_find(parent, name);
  if (child && child->kind == ED_NODE_TABLE) return child;
  if (child) drop(child);
  child = ed_node_new(parent, name, ED_NODE_TABLE);
  child->origin = ed_strdup(origin);
  return child;
}

struct ed_node *ed_node_set(struct ed_node *root, const char *path, enum ed_node_kind kind, const char *origin) {
  struct ed_node *table = root;
  char *copy = ed_strdup(path), *name = copy;
  for (char *dot; (dot = strchr(name, '.')); name = dot + 1) {
    *dot = 0;
    table = table_in(table, name, origin);
  }
  struct ed_node *node = ed_node_find(table, name);
  if (node) drop(node);
  node = ed_node_new(table, name, kind);
  node->origin = ed_strdup(origin);
  free(copy);
  return node;
}

char *ed_node_path(const struct ed_node *node) {
  if (!node->parent) return ed_strdup("");
  char *above = ed_node_path(node->parent);
  if (!node->name) return above;
  if (!*above) {
    free(above);
    return ed_strdup(node->name);
  }
  struct ed_buf path = {0};
  ed_buf_printf(&path, "%s.%s", above, node->name);
  free(above);
  ed_buf_add_byte(&path, 0);
  return (char *)path.at;
}
