/* eddy.v1 on the wire: what its client messages mean, that nobody else notices them, and its frames. */
#include "bytes.h"
#include "codec/wire.h"

static const struct ed_wire_limits limits = {.depth = 8, .key = 16, .keys = 3, .v1 = true};
static const struct ed_wire_limits base = {.depth = 8, .key = 16};

static void add_keys(struct ed_buf *line, const struct ed_request *r) {
  struct ed_buf scratch = {0};
  struct ed_wire_keys keys;
  struct ed_span key;
  ed_wire_keys_begin(&keys, r);
  while (ed_wire_keys_next(&keys, &scratch, &key)) {
    ed_buf_add_text(line, " '");
    ed_buf_add_span(line, key);
    ed_buf_add_text(line, "'");
  }
  ed_buf_deinit(&scratch);
}

/* The request, or the fault, and its id, as a line of text. */
static const char *decode(const struct ed_wire_limits *which, enum ed_encoding encoding, struct ed_span bytes) {
  static struct ed_buf line;
  struct ed_buf scratch = {0};
  struct ed_request r;
  struct ed_fault fault;
  line.len = 0;
  if (ed_wire_decode(encoding, bytes, which, &scratch, &r, &fault) < 0) {
    ed_buf_printf(&line, "%s: %s", ed_fault_name(fault.code), fault.text);
  } else if (r.type == ED_REQUEST_RESUME) {
    ed_buf_printf(&line, "resume %016llx %llu:", (unsigned long long)r.epoch, (unsigned long long)r.seq);
    add_keys(&line, &r);
  } else if (r.type == ED_REQUEST_MEMBERS) {
    ed_buf_add_text(&line, r.ends ? "members end" : "members");
  } else {
    ed_buf_printf(&line, "type %d", (int)r.type);
  }
  if (r.id.len) ed_buf_add_text(&line, " id ");
  if (encoding == ED_JSON)
    ed_buf_add_span(&line, r.id);
  else if (r.id.len)
    ed_buf_add_text(&line, to_hex(r.id));
  ed_buf_add_byte(&line, 0);
  ed_buf_deinit(&scratch);
  return (const char *)line.at;
}

/* JSON with ' for ". */
static struct ed_span json(const char *text) {
  struct ed_span copy = exact_text(text);
  for (uint8_t *at = (uint8_t *)copy.at; at < copy.at + copy.len; at++)
    if (*at == '\'') *at = '"';
  return copy;
}

#define PUSH "'type':'push','key':'k','action':{'type':'relay'},'value':1"
#define RESUME "'type':'resume','epoch':'00000000000000aB','seq':7"
#define BAD_ID "malformed: \"id\" must be a string of at most 64 bytes or a whole number up to 2^53"
#define X8 "xxxxxxxx"
#define E8 "\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9\\u00e9"

static const struct {
  const char *input, *result;
} json_rows[] = {
    {"{" PUSH "}", "type 0"},
    {"{" PUSH ",'id':'x'}", "type 0 id \"x\""},
    {"{'id':'',  " PUSH "}", "type 0 id \"\""},
    {"{'id':null," PUSH "}", "type 0"},
    {"{'id':5,'id':6," PUSH "}", "type 0 id 6"},
    {"{'\\u0069d':'a\\u0062\\n'," PUSH "}", "type 0 id \"a\\u0062\\n\""},
    {"{'id':0," PUSH "}", "type 0 id 0"},
    {"{'id':1e3," PUSH "}", "type 0 id 1e3"},
    {"{'id':9007199254740992," PUSH "}", "type 0 id 9007199254740992"},
    {"{'id':9007199254740993," PUSH "}", BAD_ID},
    {"{'id':-1," PUSH "}", BAD_ID},
    {"{'id':1.5," PUSH "}", BAD_ID},
    {"{'id':true," PUSH "}", BAD_ID},
    {"{'id':{}," PUSH "}", BAD_ID},
    {"{'id':['x']," PUSH "}", BAD_ID},
    {"{'id':'" X8 X8 X8 X8 X8 X8 X8 X8 "'," PUSH "}", "type 0 id \"" X8 X8 X8 X8 X8 X8 X8 X8 "\""},
    {"{'id':'" X8 X8 X8 X8 X8 X8 X8 X8 "x'," PUSH "}", BAD_ID},
    {"{'id':'" E8 E8 E8 E8 "'," PUSH "}", "type 0 id \"" E8 E8 E8 E8 "\""}, /* 64 bytes, in 192 characters */
    {"{'id':'" E8 E8 E8 E8 "x'," PUSH "}", BAD_ID},
    /* what is wrong is told of the id */
    {"{'id':'x','type':'nonsense'}",
     "malformed: \"type\" must be \"push\", \"get\", \"ping\", \"unsubscribe\", \"resume\" or \"members\" id \"x\""},
    {"{'id':7,'type':'get','key':'0123456789abcdefg'}", "too_large: the key is longer than limits.key (16 bytes) id 7"},
    {"{'id':7,'type':'get'", "malformed: invalid JSON: a comma or the end of what is open is missing at byte 20"},

    {"{" RESUME ",'keys':[]}", "resume 00000000000000ab 7:"},
    {"{" RESUME ",'keys':['a','','\\u0062']}", "resume 00000000000000ab 7: 'a' '' 'b'"},
    {"{" RESUME ",'keys': [ 'a' , 'a' ] ,'id':1}", "resume 00000000000000ab 7: 'a' 'a' id 1"},
    {"{" RESUME ",'keys':['a','b','c','d']}", "too_large: there are more keys than limits.keys allows (3)"},
    {"{" RESUME ",'keys':['0123456789abcdefg']}", "too_large: a key is longer than limits.key (16 bytes)"},
    {"{" RESUME ",'keys':['a',1]}", "malformed: \"keys\" must be strings"},
    {"{" RESUME ",'keys':[['a']]}", "malformed: \"keys\" must be strings"},
    {"{" RESUME ",'keys':{'a':1}}", "malformed: resume needs \"keys\": a list"},
    {"{" RESUME ",'keys':'a'}", "malformed: resume needs \"keys\": a list"},
    {"{" RESUME "}", "malformed: resume needs \"keys\": a list"},
    {"{'type':'resume','epoch':'00000000000000aB','keys':[]}",
     "malformed: resume needs a \"seq\": a whole number, not negative"},
    {"{'type':'resume','epoch':'00000000000000a','seq':1,'keys':[]}",
     "malformed: resume needs an \"epoch\" of 16 hexadecimal digits"},
    {"{'type':'resume','epoch':'00000000000000ag','seq':1,'keys':[]}",
     "malformed: resume needs an \"epoch\" of 16 hexadecimal digits"},
    {"{'type':'resume','epoch':12,'seq':1,'keys':[]}", "malformed: resume needs an \"epoch\" of 16 hexadecimal digits"},
    {"{'type':'resume'}", "malformed: resume needs an \"epoch\" of 16 hexadecimal digits"},

    {"{'type':'members'}", "members"},
    {"{'type':'members','subscribe':true}", "members"},
    {"{'type':'members','subscribe':false}", "members end"},
    {"{'type':'members','subscribe':null}", "malformed: \"subscribe\" of members must be true or false"},
    {"{'type':'members','subscribe':'false'}", "malformed: \"subscribe\" of members must be true or false"},
};

START_TEST(json_row) {
  struct ed_span bytes = json(json_rows[_i].input);
  ck_assert_str_eq(decode(&limits, ED_JSON, bytes), json_rows[_i].result);
  release(bytes);
}
END_TEST

#define TYPE "6474797065"
#define ID "626964"
#define MEMBERS TYPE "676d656d62657273"
#define RESUME_                           \
  TYPE "66726573756d65"                   \
       "6565706f6368"                     \
       "70"                               \
       "30303030303030303030303030306162" \
       "63736571"                         \
       "07"                               \
       "646b657973"

static const struct {
  const char *input, *result;
} cbor_rows[] = {
    {"a1" MEMBERS, "members"},
    {"a2" MEMBERS ID "6178", "members id 6178"},
    {"a2" MEMBERS ID "790001"
     "78",
     "members id 79000178"}, /* a head longer than need be goes back as it came */
    {"a2" MEMBERS ID "7f6178606179ff", "members id 7f6178606179ff"},         /* in pieces */
    {"a2" MEMBERS ID "fb4330000000000000", "members id fb4330000000000000"}, /* 2^52, as JavaScript's encoder has it */
    {"a2" MEMBERS ID "fb4350000000000000", BAD_ID},
    {"a2" MEMBERS ID "1b0020000000000001", BAD_ID},
    {"a2" MEMBERS ID "20", BAD_ID},
    {"a2" MEMBERS ID "4178", BAD_ID},
    {"a2" MEMBERS ID "c16178", BAD_ID},
    {"a2" MEMBERS ID "f6", "members"},
    {"a2" MEMBERS ID "f7", "members"},
    {"a2" MEMBERS "69737562736372696265"
     "f4",
     "members end"},
    {"a2" MEMBERS "69737562736372696265"
     "f5",
     "members"},
    {"a2" MEMBERS "69737562736372696265"
     "00",
     "malformed: \"subscribe\" of members must be true or false"},
    {"a4" RESUME_ "80", "resume 00000000000000ab 7:"},
    {"a4" RESUME_ "826161"
     "7f61616062"
     "6262ff",
     "resume 00000000000000ab 7: 'a' 'abb'"},
    {"a4" RESUME_ "9f6161"
     "6162ff",
     "resume 00000000000000ab 7: 'a' 'b'"},
    {"a4" RESUME_ "9fff", "resume 00000000000000ab 7:"},
    {"a4" RESUME_ "846161616161616161", "too_large: there are more keys than limits.keys allows (3)"},
    {"a4" RESUME_ "8101", "malformed: \"keys\" must be strings"},
    {"a4" RESUME_ "c080", "malformed: resume needs \"keys\": a list"},
    {"a4" RESUME_ "a0", "malformed: resume needs \"keys\": a list"},
};

START_TEST(cbor_row) {
  struct ed_span bytes = exact_hex(cbor_rows[_i].input);
  ck_assert_str_eq(decode(&limits, ED_CBOR, bytes), cbor_rows[_i].result);
  release(bytes);
}
END_TEST

/* Where it is not spoken its types are unknown, and its members are ignored whatever they are. */
START_TEST(not_spoken) {
  static const char *const rows[][2] = {
      {"{" PUSH ",'id':{'x':[]},'epoch':1,'keys':2,'subscribe':3}", "type 0"},
      {"{" PUSH ",'id':'x'}", "type 0"},
      {"{'type':'members','id':'x'}", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
      {"{" RESUME ",'keys':[]}", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
  };
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    struct ed_span bytes = json(rows[i][0]);
    ck_assert_str_eq(decode(&base, ED_JSON, bytes), rows[i][1]);
    release(bytes);
  }
}
END_TEST

/* ---- frames ---- */

/* The payload of the one frame in `out`, CBOR through its JSON; `out` is empty then. */
static void expect(struct ed_buf *out, enum ed_encoding encoding, const char *text) {
  struct ed_buf json = {0};
  ck_assert_uint_eq(out->at[0], encoding == ED_JSON ? 0x81 : 0x82);
  ck_assert_uint_eq(ed_wire_frame_len(out->at), out->len);
  struct ed_span payload = ed_wire_payload(ed_buf_span(out));
  ck_assert(skip_accepts(encoding, payload, 16, NULL));
  if (encoding == ED_CBOR) {
    ed_wire_transcode(ED_CBOR, payload, &json);
    payload = ed_buf_span(&json);
  }
  ck_assert_msg(ed_span_equal(payload, ed_span_text(text)), "%.*s", (int)payload.len, (const char *)payload.at);
  ed_buf_deinit(&json);
  out->len = 0;
}

START_TEST(frames) {
  const enum ed_encoding encoding = (enum ed_encoding)_i;
  const struct ed_span text = encoding == ED_JSON ? ED_LIT("\"x\"") : ED_LIT("\x61x");
  const struct ed_span number = encoding == ED_JSON ? ED_LIT("7") : ED_LIT("\x07");
  const struct ed_fault fault = {.code = ED_FAULT_BAD_SEQ, .text = "no \"such\" seq"};
  const uint64_t seq = 300, ids[] = {1, 22, 333};
  struct ed_buf out = {0};
  ed_wire_hello(&out, encoding, 12, 0xab, 5);
  expect(&out, encoding,
         "{\"type\":\"hello\",\"protocol\":\"eddy.v1\",\"member\":12,\"epoch\":\"00000000000000ab\",\"seq\":5}");
  ed_wire_ack(&out, encoding, text, &seq);
  expect(&out, encoding, "{\"type\":\"ack\",\"id\":\"x\",\"seq\":300}");
  ed_wire_ack(&out, encoding, number, NULL);
  expect(&out, encoding, "{\"type\":\"ack\",\"id\":7,\"seq\":null}");
  ed_wire_fault(&out, encoding, &fault, number);
  expect(&out, encoding, "{\"type\":\"error\",\"message\":\"no \\\"such\\\" seq\",\"code\":\"bad_seq\",\"id\":7}");
  ed_wire_fault(&out, encoding, &fault, ed_span(NULL, 0));
  expect(&out, encoding, "{\"type\":\"error\",\"message\":\"no \\\"such\\\" seq\",\"code\":\"bad_seq\"}");
  ed_wire_presence(&out, encoding, true, 9);
  expect(&out, encoding, "{\"type\":\"join\",\"member\":9}");
  ed_wire_presence(&out, encoding, false, 9);
  expect(&out, encoding, "{\"type\":\"leave\",\"member\":9}");
  ed_wire_members(&out, encoding, ids, 3);
  expect(&out, encoding, "{\"type\":\"members\",\"members\":[1,22,333]}");
  ed_wire_members(&out, encoding, ids, 0);
  expect(&out, encoding, "{\"type\":\"members\",\"members\":[]}");
  ed_wire_reconnect(&out, encoding, 1000, 0);
  expect(&out, encoding, "{\"type\":\"reconnect\",\"delay_ms\":1000,\"spread_ms\":0}");
  ed_buf_deinit(&out);
}
END_TEST

START_TEST(resumed) {
  const enum ed_encoding encoding = (enum ed_encoding)_i;
  const struct ed_span value = encoding == ED_JSON ? ED_LIT("[]") : ED_LIT("\x80");
  struct ed_buf out = {0};
  struct ed_wire_init init;
  ed_wire_resumed_begin(&init, &out, encoding, UINT64_MAX, 9, 0);
  ed_wire_resumed_end(&init);
  expect(&out, encoding, "{\"type\":\"resumed\",\"epoch\":\"ffffffffffffffff\",\"seq\":9,\"keys\":[]}");
  ed_wire_resumed_begin(&init, &out, encoding, 1, 9, 3);
  ed_wire_resumed_key(&init, ED_LIT("a"), true, 2);
  ed_wire_init_item(&init, value, 8);
  ed_wire_init_item(&init, value, 9);
  ed_wire_resumed_key(&init, ED_LIT(""), false, 0);
  ed_wire_resumed_key(&init, ED_LIT("\""), false, 1);
  ed_wire_init_item(&init, value, 1);
  ed_wire_resumed_end(&init);
  expect(&out, encoding,
         "{\"type\":\"resumed\",\"epoch\":\"0000000000000001\",\"seq\":9,\"keys\":["
         "{\"key\":\"a\",\"recovered\":true,\"data\":[{\"value\":[],\"seq\":8},{\"value\":[],\"seq\":9}]},"
         "{\"key\":\"\",\"recovered\":false,\"data\":[]},"
         "{\"key\":\"\\\"\",\"recovered\":false,\"data\":[{\"value\":[],\"seq\":1}]}]}");
  ed_buf_deinit(&out);
}
END_TEST

/* One key reads the same in every push of it, and as no other's. */
START_TEST(push_keys) {
  static const char *const keys[] = {"", "a", "a\"", "a\\", "\n", "0123456789012345678901234567890"};
  for (enum ed_encoding encoding = ED_JSON; encoding <= ED_CBOR; encoding++) {
    for (size_t i = 0; i < 6; i++) {
      for (size_t k = 0; k < 6; k++) {
        struct ed_buf a = {0}, b = {0};
        const struct ed_span one = encoding == ED_JSON ? ED_LIT("1") : ED_LIT("\x01");
        const struct ed_span more = encoding == ED_JSON ? ED_LIT("\"\\\"key\"") : ED_LIT("\x63key");
        ed_wire_push(&a, encoding, ed_span_text(keys[i]), one, 1);
        ed_wire_push(&b, encoding, ed_span_text(keys[k]), more, 1000000);
        ck_assert_int_eq(ed_span_equal(ed_wire_push_key(ed_buf_span(&a)), ed_wire_push_key(ed_buf_span(&b))), i == k);
        ed_buf_deinit(&a), ed_buf_deinit(&b);
      }
    }
  }
}
END_TEST

START_TEST(frame_lengths) {
  static const size_t edges[] = {0, 100, 125, 126, 65535, 65536, 70000};
  static char text[70001];
  memset(text, 'v', 70000);
  for (size_t i = 0; i < sizeof edges / sizeof *edges; i++) {
    struct ed_buf out = {0};
    ed_wire_push(&out, ED_JSON, ED_LIT("k"), ed_span(text, edges[i]), 1);
    ck_assert_uint_eq(ed_wire_frame_len(out.at), out.len);
    ed_buf_deinit(&out);
  }
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

/* ---- the id of what is refused unread ---- */

/* The id; of a message of which no more than `there` bytes can be read. */
static const char *found_id(enum ed_encoding encoding, struct ed_span bytes, size_t there) {
  static char text[512];
  struct ed_buf scratch = {0};
  struct ed_request r;
  struct ed_span copy = exact(bytes.at, there < bytes.len ? there : bytes.len);
  ed_wire_find_id(encoding, ed_span(copy.at, bytes.len), &limits, &scratch, &r);
  ck_assert_uint_lt(r.id.len * 2, sizeof text);
  if (encoding == ED_JSON)
    snprintf(text, sizeof text, "%.*s", (int)r.id.len, r.id.len ? (const char *)r.id.at : "");
  else
    snprintf(text, sizeof text, "%.500s", to_hex(r.id));
  ck_assert_int_eq(r.encoding, encoding);
  ed_buf_deinit(&scratch);
  release(copy);
  return text;
}

/* JSON of any length: what stands before, so many letters, what stands behind. */
static struct ed_span long_json(const char *before, size_t len, const char *behind) {
  struct ed_buf text = {0};
  ed_buf_add_text(&text, before);
  for (size_t i = 0; i < len; i++) ed_buf_add_byte(&text, 'x');
  ed_buf_add_text(&text, behind);
  ed_buf_add_byte(&text, 0);
  struct ed_span whole = json((const char *)text.at);
  ed_buf_deinit(&text);
  return whole;
}

static void expect_id(const char *before, size_t len, const char *behind, const char *want) {
  struct ed_span message = long_json(before, len, behind);
  ck_assert_str_eq(found_id(ED_JSON, message, ED_ID_WITHIN), want);
  release(message);
}

START_TEST(find_id_json) {
  expect_id("{" PUSH ",'id':7}", 0, "", "7");
  expect_id("{'id':'a\\u0062'," PUSH "}", 0, "", "\"a\\u0062\"");
  expect_id("{'id':7,'value':'", 100000, "'}", "7");
  expect_id("{'id':'m1','value':'", 100000, "'}", "\"m1\"");
  expect_id("{'type':'push','key':'k','id':7,'value':[[[['", 100000, "']]]]}", "7");
  expect_id("{'value':'", 100000, "','id':7}", ""); /* too far behind */
  expect_id("{'id':'", 100000, "'}", "");
  expect_id("{'id':'", 70, "'}", ""); /* none that could be */
  expect_id("{'id':[7]}", 0, "", "");
  expect_id("{'id':null}", 0, "", "");
  expect_id("{'id':7", 0, "", "7"); /* what follows is not looked at */
  expect_id("{'id':7,}", 0, "", "7");
  expect_id("{'id'", 0, "", "");
  expect_id("[7]", 0, "", "");
  expect_id("", 0, "", "");
}
END_TEST

/* Cut in the middle of it: 2,048 bytes end behind each of its letters. */
START_TEST(find_id_at_the_cut) {
  for (size_t cut = 0; cut < 12; cut++) {
    const size_t before = strlen("{'key':''") + cut;
    bool text_there = cut > 8, number_there = cut > 9; /* a digit may follow */
    expect_id("{'key':'", ED_ID_WITHIN - before, "','id':'m'       }", text_there ? "\"m\"" : "");
    expect_id("{'key':'", ED_ID_WITHIN - before, "','id':123       }", number_there ? "123" : "");
  }
}
END_TEST

START_TEST(find_id_cbor) {
  uint8_t text[5000] = "\xa2\x62id\x62m1\x65value\x79\x10\x00";
  ck_assert_str_eq(found_id(ED_CBOR, ed_span(text, sizeof text), ED_ID_WITHIN), "626d31");
  ck_assert_str_eq(found_id(ED_CBOR, ed_span(text, 7), 7), "626d31");
  ck_assert_str_eq(found_id(ED_CBOR, ed_span(text, 6), 6), "");
  ck_assert_str_eq(found_id(ED_CBOR, ed_span("\xa2\x65value\x01\x62id\x19\x01\x00", 14), 14), "190100");
  uint8_t late[5000] = "\xa2\x65value\x79\x08\x00"; /* a text of 2,048 bytes */
  memcpy(late + 10 + 2048, "\x62id\x07", 4);
  ck_assert_str_eq(found_id(ED_CBOR, ed_span(late, 10 + 2048 + 4), ED_ID_WITHIN), "");
}
END_TEST

static Suite *suite(void) {
  Suite *suite = suite_create("codec/wire_v1");
  TCase *tests = tcase_create("v1");
  tcase_add_loop_test(tests, json_row, 0, COUNT(json_rows));
  tcase_add_loop_test(tests, cbor_row, 0, COUNT(cbor_rows));
  tcase_add_test(tests, not_spoken);
  tcase_add_loop_test(tests, frames, 0, 2);
  tcase_add_loop_test(tests, resumed, 0, 2);
  tcase_add_test(tests, push_keys);
  tcase_add_test(tests, find_id_json);
  tcase_add_test(tests, find_id_at_the_cut);
  tcase_add_test(tests, find_id_cbor);
  tcase_add_test(tests, frame_lengths);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
