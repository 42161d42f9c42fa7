/* Who asks: the address at the other end, or whom the proxies there speak for. */
#include <arpa/inet.h>
#include <libwebsockets.h>

#include "net/http.h"
#include "net/internal.h"

/* An IPv4 address that an IPv6 socket shows is written as what it is. */
static struct ed_span text_of(const struct ed_address *peer, char text[ED_PEER_LEN]) {
  const char *found = NULL;
  if (peer->any.sa_family == AF_UNIX) return ED_LIT("unix");
  if (peer->any.sa_family == AF_INET) {
    found = inet_ntop(AF_INET, &peer->ipv4.sin_addr, text, ED_PEER_LEN);
  } else if (peer->any.sa_family == AF_INET6) {
    const struct in6_addr *ipv6 = &peer->ipv6.sin6_addr;
    found = IN6_IS_ADDR_V4MAPPED(ipv6) ? inet_ntop(AF_INET, ipv6->s6_addr + 12, text, ED_PEER_LEN)
                                       : inet_ntop(AF_INET6, ipv6, text, ED_PEER_LEN);
  }
  return found ? ed_span_text(found) : ed_span(NULL, 0);
}

/* Whether it says that it comes for somebody else. */
static bool forwarded(struct lws *wsi) {
  return lws_hdr_total_length(wsi, WSI_TOKEN_X_FORWARDED_FOR) > 0 ||
         lws_hdr_custom_length(wsi, "forwarded:", (int)strlen("forwarded:")) > 0;
}

struct ed_span ed_http_peer(struct ed_conn *conn, char text[ED_PEER_LEN]) {
  const struct ed_net *net = conn->net;
  if (conn->trusted && lws_hdr_total_length(conn->wsi, WSI_TOKEN_X_FORWARDED_FOR) > 0) {
    int len = lws_hdr_copy(conn->wsi, text, ED_PEER_LEN, WSI_TOKEN_X_FORWARDED_FOR);
    return ed_forwarded_for(ed_span(text, len > 0 ? (size_t)len : 0), net->proxies, net->options.proxies_len);
  }
  if (forwarded(conn->wsi)) return ed_span(NULL, 0);
  struct ed_address peer;
  if (ed_conn_peer(conn, &peer) != 0) return ed_span(NULL, 0);
  return text_of(&peer, text);
}
