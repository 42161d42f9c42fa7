#include "net/handshake.h"

#include <libwebsockets.h>

#define V1 "eddy.v1"
#define TAIL "eddy.tail"
#define KEY_LEN 24 /* 16 bytes in base64 */
#define ACCEPT_LEN 28 /* libwebsockets wants some room behind it */
#define MAGIC "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

static int wrong(const char **why, int status, const char *text) {
  *why = text;
  return status;
}

int ed_handshake_read(struct ed_span head, struct ed_handshake *handshake, const char **why) {
  struct ed_span found;
  ed_head_part(ed_head_target(head), &handshake->path, &handshake->query);
  if (!ed_head_field(head, "sec-websocket-version:", &found) || !ed_span_equal(found, ED_LIT("13")))
    return wrong(why, 426, "the WebSocket version is not 13");
  if (!ed_head_field(head, "connection:", &found) || !ed_head_lists(found, "upgrade"))
    return wrong(why, 400, "the Connection header does not say Upgrade");
  if (!ed_head_field(head, "sec-websocket-key:", &handshake->key) || handshake->key.len != KEY_LEN)
    return wrong(why, 400, "Sec-WebSocket-Key is not of 24 characters");
  if (!ed_head_field(head, "host:", &found) || found.len == 0) return wrong(why, 400, "there is no Host header");
  handshake->v1 = ed_head_offers(head, "sec-websocket-protocol:", V1);
  handshake->tail = ed_head_offers(head, "sec-websocket-protocol:", TAIL);
  return 0;
}

void ed_handshake_answer(struct ed_buf *out, const struct ed_handshake *handshake) {
  uint8_t text[KEY_LEN + sizeof MAGIC - 1], digest[20];
  char accept[ACCEPT_LEN + 8];
  memcpy(text, handshake->key.at, KEY_LEN);
  memcpy(text + KEY_LEN, MAGIC, sizeof MAGIC - 1);
  lws_SHA1(text, sizeof text, digest);
  lws_b64_encode_string((const char *)digest, sizeof digest, accept, sizeof accept);
  ed_buf_add_text(out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
  if (handshake->tail) ed_buf_add_text(out, "Sec-WebSocket-Protocol: " TAIL "\r\n");
  if (handshake->v1) ed_buf_add_text(out, "Sec-WebSocket-Protocol: " V1 "\r\n");
  ed_buf_printf(out, "Sec-WebSocket-Accept: %s\r\n\r\n", accept);
}
