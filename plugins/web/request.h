/* What is in a request: its path, its query, what the browser has and takes. Pure. */
#ifndef WEB_REQUEST_H
#define WEB_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

#include "eddy/plugin.h"

/* The path of a file below the folder, from that of a request, which is decoded: "/a/b" to "a/b", "/a/" to
 * "a/index.html", "/" to "start/index.html". False where it can be none: a segment that is empty, or begins with a dot
 * (so
 * "..", too); a backslash, a control character; more than fits. */
#define REQUEST_PATH_MAX 512
bool request_path(struct eddy_text asked, char path[REQUEST_PATH_MAX]);

/* What a file is, by the end of its name; never NULL. */
const char *request_type(const char *path);

/* An argument of a query: 1, and it is in `value`, decoded, with a NUL behind it; 0: there is none (of several the
 * first counts); -1: it is longer than `most`, or no UTF-8, or has a NUL in it, or a "%" that nothing follows. */
int request_argument(struct eddy_text query, const char *name, char *value, size_t most);

/* Whether a field If-None-Match has this tag (with its quotes), or "*". */
bool request_has_tag(struct eddy_text field, const char *tag);

/* Whether a field Accept-Encoding allows gzip. */
bool request_takes_gzip(struct eddy_text field);

#endif
