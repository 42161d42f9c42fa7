/* Pages that are none of ours: plugins' own. */
#include "host/plugin.h"
#include "net/head.h"
#include "net/http.h"
#include "net/internal.h"

/* The path is libwebsockets': decoded, and with no ".." in it. The rest is as it was sent. */
void ed_http_other_begin(struct ed_conn *conn, struct ed_span path) {
  struct ed_call *call = conn->call;
  struct ed_span prefix = conn->net->public_base.path, head = conn->net->head, asked, query;
  bool prefixed = prefix.len && path.len > prefix.len && memcmp(path.at, prefix.at, prefix.len) == 0;
  if (prefixed) path = ed_span(path.at + prefix.len, path.len - prefix.len);
  call->page = ED_PAGE_OTHER;
  ed_buf_add_span(&call->path, path);
  if (!head.len) return;
  ed_head_part(ed_head_target(head), &asked, &query);
  ed_buf_add_span(&call->query, query);
  ed_head_fields(head, "if-none-match:", &call->if_none_match);
  ed_head_fields(head, "accept-encoding:", &call->accept_encoding);
}

int ed_http_other(struct ed_conn *conn) {
  char peer[ED_PEER_LEN];
  struct ed_call *call = conn->call;
  struct ed_plugin_page page = {.method = call->post ? ED_LIT("POST") : ED_LIT("GET"),
                                .path = ed_buf_span(&call->path),
                                .query = ed_buf_span(&call->query),
                                .body = ed_buf_span(&call->body),
                                .peer = ed_http_peer(conn, peer),
                                .if_none_match = ed_buf_span(&call->if_none_match),
                                .accept_encoding = ed_buf_span(&call->accept_encoding)};
  const struct ed_net_options *options = &conn->net->options;
  int result;
  if (options->other_page(options->other_arg, &page)) {
    const struct ed_reply reply = {.status = page.status,
                                   .type = (const char *)page.type.at,
                                   .body = ed_buf_span(&page.answer),
                                   .fields = ed_buf_span(&page.fields),
                                   .caches = page.caches,
                                   .allows = page.allows,
                                   .kept = page.kept,
                                   .kept_done = page.kept_done,
                                   .kept_arg = page.kept_arg};
    result = ed_answer_reply(conn, &reply);
  } else {
    struct ed_fault fault;
    ed_fault(&fault, ED_FAULT_NO_PAGE, NULL);
    result = ed_answer_fault(conn, &fault);
  }
  ed_buf_deinit(&page.type);
  ed_buf_deinit(&page.fields);
  ed_buf_deinit(&page.answer);
  return result;
}
