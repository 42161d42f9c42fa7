/* Any bytes as the head of an HTTP request, as a path, a query, a public URL, an address to listen on. */
#include <ctype.h>

#include "fuzz.h"
#include "net/handshake.h"
#include "net/head.h"
#include "net/net.h"
#include "net/url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len) {
  char *text = malloc(len + 1);
  if (!text) abort();
  memcpy(text, data, len);
  text[len] = 0;

  ed_query_parse(ed_span(data, len));
  struct ed_route route = ed_route_parse(ED_LIT("/base"), ed_span(data, len));
  MUST(route.id.len <= len && route.space.len <= len);
  struct ed_base base;
  if (ed_base_parse(text, &base) == 0) MUST(base.host.len > 0 && base.host.len + base.path.len < len);
  ed_head_lists(ed_span(data, len), "upgrade");
  char why[128];
  ed_net_check_public_url(text, why);
  ed_net_check_proxy(text, why);

  size_t head_len = ed_head_find_end(data, len, 0);
  if (head_len) {
    MUST(head_len <= len && memcmp(data + head_len - 4, "\r\n\r\n", 4) == 0);
    MUST(ed_head_find_end(data, len, head_len - 1) == head_len);
    struct ed_head head;
    const char *reason = NULL;
    int status = ed_head_read((uint8_t *)text, head_len, &head, &reason);
    MUST(status == 0 || (status >= 400 && status < 500 && reason));
    if (status == 0) MUST(head.body_len < (uint64_t)1 << 53);
    struct ed_handshake handshake;
    if (status == 0 && head.upgrade) {
      int refused = ed_handshake_read(ed_span(text, head_len), &handshake, &reason);
      MUST(refused || handshake.key.len == 24);
      MUST(handshake.path.len + handshake.query.len < head_len);
    }
  }
  free(text);
  return 0;
}
