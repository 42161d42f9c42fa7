/* Looking into JSON without taking it apart: parts of a text that was checked, as they stand in it. So numbers keep
 * their digits and values their bytes. All spans are borrowed from the text. */
#ifndef ED_MAIN_CTL_VIEW_H
#define ED_MAIN_CTL_VIEW_H

#include "base/buf.h"

bool ed_view_valid(struct ed_span text); /* one JSON value */

/* The value of an object's member; {NULL, 0} where it has none such, or is no object. */
struct ed_span ed_view_member(struct ed_span object, const char *name);

/* The items of an array, one at each call; `at` is 0 at first. False: that was the last. */
bool ed_view_next(struct ed_span array, size_t *at, struct ed_span *item);

/* Adds what a string stands for; of any other value its JSON; of none, nothing. */
void ed_view_text(struct ed_buf *out, struct ed_span value);

double ed_view_number(struct ed_span value); /* 0 where it is none */

#endif
