/* A configuration as it was written: names and values, not yet checked. The Lua file becomes such a tree, the command
 * line's -s NAME=VALUE are set into it, and then all of it is checked in one way. */
#ifndef ED_MAIN_TREE_H
#define ED_MAIN_TREE_H

#include <stdbool.h>
#include <stddef.h>

enum ed_node_kind {
  ED_NODE_TABLE,  /* has children: with names, or without (a list) */
  ED_NODE_BOOL,   /* `flag` */
  ED_NODE_NUMBER, /* `number` */
  ED_NODE_TEXT,   /* `text` */
  ED_NODE_OTHER   /* nothing that a configuration may hold; `text` says what: "a function" */
};

struct ed_node {
  struct ed_node *parent;      /* NULL: the root */
  struct ed_node *children;    /* owned; utlist, in order */
  struct ed_node *prev, *next; /* among the parent's children */
  char *name;                  /* owned; NULL for the root and for an item of a list */
  enum ed_node_kind kind;
  bool flag;
  double number;
  char *text; /* owned; NULL unless the kind has one */
  char
      *origin; /* owned: "-s drain=5s" where the command line set it, and then `text` may stand for any kind; or NULL */
};

struct ed_node *ed_node_new(struct ed_node *parent, const char *name, enum ed_node_kind kind); /* owned by the parent */
void ed_node_free(struct ed_node *node); /* and all below; not to be called on one that has a parent. NULL: nothing */

struct ed_node *ed_node_find(const struct ed_node *table, const char *name); /* borrowed, or NULL */

/* A fresh node at the dotted `path`, as `origin` asked, borrowed. What was there, and what stood in the way, is
 * dropped. */
struct ed_node *ed_node_set(struct ed_node *root, const char *path, enum ed_node_kind kind, const char *origin);

/* "namespaces.default.idle"; an item of a list has its list's. Owned by the caller. */
char *ed_node_path(const struct ed_node *node);

#endif
