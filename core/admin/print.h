/* JSON, written straight into a buffer: members with a name, items with NULL for one. Commas come by themselves. */
#ifndef ED_ADMIN_PRINT_H
#define ED_ADMIN_PRINT_H

#include "base/buf.h"

void ed_print_open(struct ed_buf *out, const char *name, char bracket);        /* '{' or '[' */
void ed_print_close(struct ed_buf *out, char bracket);                         /* '}' or ']' */
void ed_print_span(struct ed_buf *out, const char *name, struct ed_span text); /* valid UTF-8 */
void ed_print_text(struct ed_buf *out, const char *name, const char *text);    /* NULL: null */
void ed_print_count(struct ed_buf *out, const char *name, uint64_t number);
void ed_print_time(struct ed_buf *out, const char *name, int64_t ms);
void ed_print_number(struct ed_buf *out, const char *name, double number);
void ed_print_bool(struct ed_buf *out, const char *name, bool truth);
void ed_print_raw(struct ed_buf *out, const char *name, struct ed_span json); /* a finished value */

#endif
