/* Client messages: what is understood, and what is said of what is not. */
#include "bytes.h"
#include "codec/wire.h"

static const struct ed_wire_limits limits = {.depth = 8, .key = 16};

/* The request as a line of text; or the fault's name, a colon, and its text. */
static const char *decode(enum ed_encoding encoding, struct ed_span bytes) {
  static char line[1024];
  static const char *const types[] = {"push", "get", "ping", "unsubscribe"};
  static const char *const actions[] = {"relay", "append", "replace", "compact"};
  struct ed_buf scratch = {0};
  struct ed_request r;
  struct ed_fault fault;
  if (ed_wire_decode(encoding, bytes, &limits, &scratch, &r, &fault) < 0) {
    snprintf(line, sizeof line, "%s: %s", ed_fault_name(fault.code), fault.text);
  } else {
    ck_assert_int_eq(r.encoding, encoding);
    int n = snprintf(line, sizeof line, "%s", types[r.type]);
#define ADD(...) n += snprintf(line + n, sizeof line - (size_t)n, __VA_ARGS__)
    if (r.type != ED_REQUEST_PING) ADD(" '%.*s'", (int)r.key.len, r.key.at ? (const char *)r.key.at : "");
    if (r.type == ED_REQUEST_PUSH) ADD(" %s", actions[r.action]);
    if (r.type == ED_REQUEST_PUSH && r.action == ED_COMPACT) ADD(" %llu", (unsigned long long)r.seq);
    if (r.type == ED_REQUEST_PUSH && encoding == ED_JSON) ADD(" <%.*s>", (int)r.value.len, (const char *)r.value.at);
    if (r.type == ED_REQUEST_PUSH && encoding == ED_CBOR) ADD(" <%s>", to_hex(r.value));
    if (r.type == ED_REQUEST_GET && r.subscribe_only) ADD(" only");
    if (r.type == ED_REQUEST_GET && !r.subscribe_only) ADD(" %llu", (unsigned long long)r.seq);
    if (r.type == ED_REQUEST_PING && r.has_nonce) ADD(" %llu", (unsigned long long)r.nonce);
#undef ADD
  }
  ed_buf_deinit(&scratch);
  return line;
}

/* JSON with ' for ", to keep the table readable; no row needs a ' of its own. */
static struct ed_span json(const char *text) {
  struct ed_span copy = exact_text(text);
  for (uint8_t *at = (uint8_t *)copy.at; at < copy.at + copy.len; at++) {
    if (*at == '\'') *at = '"';
  }
  return copy;
}

#define ACTIONS "\"relay\", \"append\", \"replace\" or \"compact\""

static const struct {
  const char *input, *result;
} json_rows[] = {
    {"{'type':'push','key':'k','action':{'type':'relay'},'value':1}", "push 'k' relay <1>"},
    {"{'type':'push','key':'k','action':{'type':'append'},'value':null}", "push 'k' append <null>"},
    {"{'type':'push','key':'','action':{'type':'replace'},'value':'v'}", "push '' replace <\"v\">"},
    {"{'type':'push','key':'k','action':{'type':'compact','seq':5},'value':[]}", "push 'k' compact 5 <[]>"},
    {" { 'value' : { 'a' : [ 1.50 , 1e400 ] } , 'action' : { 'x' : 1 , 'type' : 'append' } , 'key' : 'k' , 'type' : "
     "'push' } ",
     "push 'k' append <{ \"a\" : [ 1.50 , 1e400 ] }>"},
    {"{'type':'push','key':'k','action':{'type':'relay'},'value':\t 12345678901234567890123 \n}",
     "push 'k' relay <12345678901234567890123>"},
    {"{'type':'push','key':'k','action':{'type':'relay'},'value':'\\u0041\\n'}", "push 'k' relay <\"\\u0041\\n\">"},
    {"{'type':'get','key':'k'}", "get 'k' 0"},
    {"{'type':'get','key':'k','seq':0}", "get 'k' 0"},
    {"{'type':'get','key':'k','seq':null}", "get 'k' only"},
    {"{'type':'get','key':'k','seq':18446744073709551615}", "get 'k' 18446744073709551615"},
    {"{'type':'get','key':'k','seq':1e3}", "get 'k' 1000"},
    {"{'type':'get','key':'k','seq':5.0}", "get 'k' 5"},
    {"{'type':'get','key':'k','seq':-0}", "get 'k' 0"},
    {"{'type':'get','key':'k','seq':1.8e19}", "get 'k' 18000000000000000000"},
    {"{'type':'ping'}", "ping"},
    {"{'type':'ping','nonce':null}", "ping"},
    {"{'type':'ping','nonce':7}", "ping 7"},
    {"{'type':'ping','nonce':7.0,'key':5,'action':false,'seq':'x'}", "ping 7"},
    {"{'type':'unsubscribe','key':'k'}", "unsubscribe 'k'"},
    /* spelling: escapes in names, types and keys */
    {"{'\\u0074ype':'\\u0067et','k\\u0065y':'\\u00e9\\n','\\u0073\\u0065\\u0071':3}", "get '\xc3\xa9\n' 3"},
    {"{'type':'push','key':'a\\u0041','\\u0061\\u0063\\u0074\\u0069\\u006f\\u006e':{'t\\u0079pe':'\\u0072elay'},'value'"
     ":0}",
     "push 'aA' relay <0>"},
    {"{'type':'get','key':'0123456789abcdef'}", "get '0123456789abcdef' 0"},
    {"{'type':'get','key':'\\u0030\\u0031\\u0032\\u0033\\u0034\\u0035\\u0036\\u0037\\u0038\\u0039'}",
     "get '0123456789' 0"},
    /* unknown members are ignored, of those that come twice the last counts */
    {"{'x':[[]],'type':'get','y':{'type':'ping'},'key':'k','typ':1,'types':2,'':3}", "get 'k' 0"},
    {"{'type':'push','type':'get','key':5,'key':'k','seq':'x','seq':2}", "get 'k' 2"},
    {"{'type':'get','key':'k','seq':2,'seq':null}", "get 'k' only"},
    {"{'type':'push','key':'k','action':{'type':'compact','seq':5},'action':{'type':'relay'},'value':1,'value':2}",
     "push 'k' relay <2>"},
    {"{'type':'push','key':'k','action':{'type':'compact','seq':5},'action':{'type':'compact'},'value':1}",
     "malformed: compact needs a \"seq\""},
    {"{'type':'push','key':'k','action':{'type':'relay'},'action':5,'value':1}",
     "malformed: \"action\" must be a map with a \"type\""},
    {"{'type':'push','key':'k','action':{'type':'x','type':'relay'},'value':1}", "push 'k' relay <1>"},
    /* what is missing or wrong */
    {"{}", "malformed: \"type\" is missing"},
    {"{'key':'k'}", "malformed: \"type\" is missing"},
    {"{'type':5}", "malformed: \"type\" must be a string"},
    {"{'type':null}", "malformed: \"type\" must be a string"},
    {"{'type':{'type':'ping'}}", "malformed: \"type\" must be a string"},
    {"{'type':'pong'}", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
    {"{'type':''}", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
    {"{'type':'Push'}", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
    {"{'type':'get'}", "malformed: \"key\" is missing"},
    {"{'type':'get','key':null}", "malformed: \"key\" must be a string"},
    {"{'type':'unsubscribe','key':[]}", "malformed: \"key\" must be a string"},
    {"{'type':'unsubscribe'}", "malformed: \"key\" is missing"},
    {"{'type':'push','action':{'type':'relay'},'value':1}", "malformed: \"key\" is missing"},
    {"{'type':'push','key':{},'action':{'type':'relay'},'value':1}", "malformed: \"key\" must be a string"},
    {"{'type':'push','key':'k','action':{'type':'relay'}}", "malformed: push needs a \"value\""},
    {"{'type':'push','key':'k','value':1}", "malformed: push needs an \"action\""},
    {"{'type':'push','key':'k','action':null,'value':1}", "malformed: \"action\" must be a map with a \"type\""},
    {"{'type':'push','key':'k','action':'relay','value':1}", "malformed: \"action\" must be a map with a \"type\""},
    {"{'type':'push','key':'k','action':['relay'],'value':1}", "malformed: \"action\" must be a map with a \"type\""},
    {"{'type':'push','key':'k','action':{},'value':1}", "malformed: \"action\" needs a \"type\""},
    {"{'type':'push','key':'k','action':{'type':1},'value':1}", "malformed: the type of \"action\" must be " ACTIONS},
    {"{'type':'push','key':'k','action':{'type':'push'},'value':1}",
     "malformed: the type of \"action\" must be " ACTIONS},
    {"{'type':'push','key':'k','action':{'type':'compact'},'value':1}", "malformed: compact needs a \"seq\""},
    {"{'type':'push','key':'k','action':{'type':'compact'},'seq':1,'value':1}", "malformed: compact needs a \"seq\""},
#define COMPACT(seq)                                                                 \
  {                                                                                  \
    "{'type':'push','key':'k','action':{'type':'compact','seq':" seq "},'value':1}", \
        "malformed: \"seq\" of compact must be a whole number, not negative"         \
  }
    COMPACT("null"),
    COMPACT("'5'"),
    COMPACT("-1"),
    COMPACT("1.5"),
    COMPACT("1e400"),
    COMPACT("18446744073709551616"),
    COMPACT("[]"),
#define GET(seq) \
  { "{'type':'get','key':'k','seq':" seq "}", "malformed: \"seq\" of get must be null or a whole number, not negative" }
    GET("'5'"),
    GET("-1"),
    GET("1.5"),
    GET("-1e0"),
    GET("1e20"),
    GET("18446744073709551616"),
    GET("true"),
    GET("{}"),
#define PING(nonce) \
  { "{'type':'ping','nonce':" nonce "}", "malformed: \"nonce\" must be null or a whole number, not negative" }
    PING("'5'"),
    PING("-1"),
    PING("0.5"),
    PING("false"),
    PING("[5]"),
    /* limits */
    {"{'type':'get','key':'0123456789abcdefg'}", "too_large: the key is longer than limits.key (16 bytes)"},
    {"{'type':'get','key':'0123456789abcde\\u00e9'}", "too_large: the key is longer than limits.key (16 bytes)"},
    {"{'type':'push','key':'k','action':{'type':'relay'},'value':[[[[[[[]]]]]]]}", "push 'k' relay <[[[[[[[]]]]]]]>"},
    {"{'type':'push','key':'k','action':{'type':'relay'},'value':[[[[[[[[]]]]]]]]}",
     "too_deep: nested deeper than limits.depth (8) at byte 66"},
    {"{'type':'ping','x':[[[[[[[[]]]]]]]]}", "too_deep: nested deeper than limits.depth (8) at byte 26"},
    {"{'type':'push','action':{'type':[[[[[[[]]]]]]]}}", "too_deep: nested deeper than limits.depth (8) at byte 38"},
    /* no message at all */
    {"", "malformed: invalid JSON: the text ends early at byte 0"},
    {"[]", "malformed: the message must be a JSON object"},
    {"'ping'", "malformed: the message must be a JSON object"},
    {"null", "malformed: the message must be a JSON object"},
    {"nul", "malformed: invalid JSON: a value is missing at byte 0"},
    {"{'type':'ping'", "malformed: invalid JSON: a comma or the end of what is open is missing at byte 14"},
    {"{'type':'ping',}", "malformed: invalid JSON: a key in quotes is missing at byte 15"},
    {"{'type':'ping'}}", "malformed: invalid JSON: more follows its end at byte 15"},
    {"{'type':'ping'} {}", "malformed: invalid JSON: more follows its end at byte 16"},
    {"{'type':'ping','x':[1,]}", "malformed: invalid JSON: a value is missing at byte 22"},
    {"{'type':'ping','x':tru}", "malformed: invalid JSON: a value is missing at byte 19"},
    {"{'type':'ping','x' 1}", "malformed: invalid JSON: a colon is missing at byte 19"},
    {"{'type':'ping','nonce':01}", "malformed: invalid JSON: a comma or the end of what is open is missing at byte 24"},
    {"{'type':'get','key':'\\ud800'}",
     "malformed: invalid JSON: a \\u escape needs four hex digits, a surrogate its other half, at byte 21"},
    {"{'type':'get','key':'\xc3'}", "malformed: invalid JSON: a string is not UTF-8 at byte 21"},
    {"{'type':'push','action':{'type':'relay',},'key':'k','value':1}",
     "malformed: invalid JSON: a key in quotes is missing at byte 40"},
};

/* CBOR texts: k"key", type, ... spelt out in hex. */
#define TYPE "6474797065"
#define PUSH TYPE "6470757368"
#define GET_ TYPE "63676574"
#define PING_ TYPE "6470696e67"
#define KEY "636b6579"
#define K KEY "616b"
#define ACTION "66616374696f6e"
#define RELAY ACTION "a1" TYPE "6572656c6179"
#define COMPACT_ ACTION "a2" TYPE "67636f6d70616374" SEQ
#define VALUE "6576616c7565"
#define SEQ "63736571"
#define NONCE "656e6f6e6365"
#define BAD_GET "malformed: \"seq\" of get must be null or a whole number, not negative"

static const struct {
  const char *input, *result;
} cbor_rows[] = {
    {"a4" PUSH K RELAY VALUE "01", "push 'k' relay <01>"},
    {"a4" VALUE "d84043010203" RELAY K PUSH, "push 'k' relay <d84043010203>"},
    {"bf" PUSH K ACTION "bf" TYPE "6572656c6179ff" VALUE "9f01ffff", "push 'k' relay <9f01ff>"},
    {"b90004" PUSH K RELAY VALUE "f7", "push 'k' relay <f7>"}, /* cbor-x's map header; undefined is a value */
    {"a4" PUSH K RELAY VALUE "c1fb41d452d9ec200000", "push 'k' relay <c1fb41d452d9ec200000>"},
    {"a4" PUSH K RELAY VALUE "7f61616162ff", "push 'k' relay <7f61616162ff>"},
    {"a4" PUSH K RELAY VALUE "6161", "push 'k' relay <6161>"},
    {"a4" PUSH K COMPACT_ "05" VALUE "f6", "push 'k' compact 5 <f6>"},
    {"a4" PUSH K COMPACT_ "fb4014000000000000" VALUE "f6", "push 'k' compact 5 <f6>"},
    {"d9d9f7a2" GET_ K, "get 'k' 0"}, /* "this is CBOR" */
    {"c1c1a2" GET_ K, "get 'k' 0"},
    {"a3" GET_ K SEQ "17", "get 'k' 23"},
    {"a3" GET_ K SEQ "1818", "get 'k' 24"},
    {"a3" GET_ K SEQ "1903e8", "get 'k' 1000"},
    {"a3" GET_ K SEQ "1a00000001", "get 'k' 1"},
    {"a3" GET_ K SEQ "1bffffffffffffffff", "get 'k' 18446744073709551615"},
    {"a3" GET_ K SEQ "f963d0", "get 'k' 1000"},
    {"a3" GET_ K SEQ "fa44fa0000", "get 'k' 2000"},
    {"a3" GET_ K SEQ "fb42374876e8000000", "get 'k' 100000000000"},
    {"a3" GET_ K SEQ "f98000", "get 'k' 0"},
    {"a3" GET_ K SEQ "f6", "get 'k' only"},
    {"a3" GET_ K SEQ "f7", "get 'k' 0"},
    {"a3" GET_ K SEQ "20", BAD_GET},
    {"a3" GET_ K SEQ "f93e00", BAD_GET},
    {"a3" GET_ K SEQ "f9bc00", BAD_GET},
    {"a3" GET_ K SEQ "f97c00", BAD_GET},
    {"a3" GET_ K SEQ "fb7ff8000000000000", BAD_GET},
    {"a3" GET_ K SEQ "fb43f0000000000000", BAD_GET},
    {"a3" GET_ K SEQ "c24101", BAD_GET},
    {"a3" GET_ K SEQ "6135", BAD_GET},
    {"a3" GET_ K SEQ "f4", BAD_GET},
    {"a1" PING_, "ping"},
    {"a2" PING_ NONCE "f6", "ping"},
    {"a2" PING_ NONCE "f7", "ping"},
    {"a2" PING_ NONCE "1b0000000100000000", "ping 4294967296"},
    {"a2" PING_ NONCE "fb41f0000000000000", "ping 4294967296"},
    {"a2" PING_ NONCE "20", "malformed: \"nonce\" must be null or a whole number, not negative"},
    {"a2" TYPE "6b756e737562736372696265" K, "unsubscribe 'k'"},
    /* texts in pieces: a name, a type, a key */
    {"a2"
     "7f627479627065ff"
     "7f6367657460ff" KEY "7f6161616260ff",
     "get 'ab' 0"},
    {"a2" GET_ "7f60616b60626579ff"
     "7fff",
     "get '' 0"},
    {"a2" GET_ KEY "70"
     "30313233343536373839616263646566",
     "get '0123456789abcdef' 0"},
    {"a2" GET_ KEY "71"
     "3031323334353637383961626364656667",
     "too_large: the key is longer than limits.key (16 bytes)"},
    {"a2" GET_ KEY "7f68303132333435363769616263646566676869ff",
     "too_large: the key is longer than limits.key (16 bytes)"},
    /* unknown members, of any kind, and members that come twice */
    {"a6"
     "01"
     "02"
     "f6"
     "f6"
     "8101"
     "a0"
     "c16474797065"
     "00" GET_ K,
     "get 'k' 0"},
    {"a4" PING_ GET_ KEY "05" K, "get 'k' 0"},
    {"a4" GET_ K SEQ "6135" SEQ "02", "get 'k' 2"},
    {"a3" PING_ "7f6161ff"
     "5f4161ff"
     "41ff"
     "9fff",
     "ping"},
    /* what is missing or wrong */
    {"a0", "malformed: \"type\" is missing"},
    {"bfff", "malformed: \"type\" is missing"},
    {"a1" TYPE "05", "malformed: \"type\" must be a string"},
    {"a1" TYPE "f7", "malformed: \"type\" is missing"},
    {"a1" TYPE "4470696e67", "malformed: \"type\" must be a string"},
    {"a1" TYPE "c16470696e67", "malformed: \"type\" must be a string"},
    {"a1" TYPE "64706f6e67", "malformed: \"type\" must be \"push\", \"get\", \"ping\" or \"unsubscribe\""},
    {"a1" GET_, "malformed: \"key\" is missing"},
    {"a2" GET_ KEY "416b", "malformed: \"key\" must be a string"},
    {"a2" GET_ KEY "c1616b", "malformed: \"key\" must be a string"},
    {"a3" PUSH K RELAY, "malformed: push needs a \"value\""},
    {"a3" PUSH K VALUE "01", "malformed: push needs an \"action\""},
    {"a4" PUSH K VALUE "01" ACTION "81" TYPE, "malformed: \"action\" must be a map with a \"type\""},
    {"a4" PUSH K VALUE "01" ACTION "c1a0", "malformed: \"action\" must be a map with a \"type\""},
    {"a4" PUSH K VALUE "01" ACTION "a0", "malformed: \"action\" needs a \"type\""},
    {"a4" PUSH K VALUE "01" ACTION "a1" TYPE "6161", "malformed: the type of \"action\" must be " ACTIONS},
    {"a4" PUSH K VALUE "01" ACTION "a1" TYPE "67636f6d70616374", "malformed: compact needs a \"seq\""},
    /* depth: tags count */
    {"a2" PING_ "00"
     "81818181818180",
     "ping"},
    {"a2" PING_ "00"
     "8181818181818180",
     "too_deep: nested deeper than limits.depth (8) at byte 20"},
    {"a2" PING_ "00"
     "c1c1c1c1c1c1c100",
     "ping"},
    {"a2" PING_ "00"
     "c1c1c1c1c1c1c1c100",
     "too_deep: nested deeper than limits.depth (8) at byte 20"},
    {"c1c1c1c1c1c1c1a1" PING_, "ping"},
    {"c1c1c1c1c1c1c1c1a1" PING_, "too_deep: nested deeper than limits.depth (8) at byte 8"},
    {"c1c1c1c1c1c1c1c1c1c1c1", "too_deep: nested deeper than limits.depth (8) at byte 8"},
    {"c1c1c1c1c1c1c1a1" ACTION "a0", "too_deep: nested deeper than limits.depth (8) at byte 15"},
    /* no message at all */
    {"", "malformed: invalid CBOR: it ends early at byte 0"},
    {"80", "malformed: the message must be a CBOR map"},
    {"00", "malformed: the message must be a CBOR map"},
    {"c18101", "malformed: the message must be a CBOR map"},
    {"c1", "malformed: invalid CBOR: it ends early at byte 1"},
    {"a1", "malformed: invalid CBOR: it ends early at byte 1"},
    {"ff", "malformed: invalid CBOR: a break out of place at byte 0"},
    {"a1ff", "malformed: invalid CBOR: a break out of place at byte 1"},
    {"a161", "malformed: invalid CBOR: it ends early at byte 2"},
    {"bf" PING_, "malformed: invalid CBOR: it ends early at byte 11"},
    {"bf" TYPE "ff", "malformed: invalid CBOR: a break out of place at byte 6"},
    {"bb7fffffffffffffff" PING_, "malformed: invalid CBOR: it ends early at byte 19"},
    {"a1" PING_ "00", "malformed: invalid CBOR: more follows its end at byte 11"},
    {"a2" PING_ "00"
     "1c",
     "malformed: invalid CBOR: a reserved byte at byte 12"},
    {"a2" PING_ "00"
     "7bffffffffffffffff",
     "malformed: invalid CBOR: it ends early at byte 21"},
    {"a2" GET_ KEY "61ff", "malformed: invalid CBOR: text that is not UTF-8 at byte 15"},
    {"7b2274797065223a2270696e67227d",
     "malformed: invalid CBOR: it ends early at byte 15"}, /* JSON in a binary frame */
};

START_TEST(json_row) {
  struct ed_span bytes = json(json_rows[_i].input);
  ck_assert_str_eq(decode(ED_JSON, bytes), json_rows[_i].result);
  release(bytes);
}
END_TEST

START_TEST(cbor_row) {
  struct ed_span bytes = exact_hex(cbor_rows[_i].input);
  ck_assert_str_eq(decode(ED_CBOR, bytes), cbor_rows[_i].result);
  release(bytes);
}
END_TEST

/* The value is the very bytes that came, and so is a key without escapes: nothing is copied. */
START_TEST(borrows) {
  struct ed_span bytes = json("{'type':'push','key':'abc','action':{'type':'relay'},'value':{'x':1}}");
  struct ed_buf scratch = {0};
  struct ed_request request;
  ck_assert_int_eq(ed_wire_decode(ED_JSON, bytes, &limits, &scratch, &request, NULL), 0);
  ck_assert_ptr_eq(request.value.at, bytes.at + 61);
  ck_assert_uint_eq(request.value.len, 7);
  ck_assert_ptr_eq(request.key.at, bytes.at + 22);
  ck_assert_ptr_null(scratch.at);
  release(bytes);
}
END_TEST

/* The scratch buffer, used again and again, holds one message's key; names in pieces in between do not harm it. */
START_TEST(scratch) {
  struct ed_buf scratch = {0};
  struct ed_request request;
  for (int i = 0; i < 3; i++) {
    struct ed_span bytes = json("{'key':'\\u0061\\u0062','t\\u0079pe':'g\\u0065t','\\u0078':1,'s\\u0065q':9}");
    ck_assert_int_eq(ed_wire_decode(ED_JSON, bytes, &limits, &scratch, &request, NULL), 0);
    ck_assert(ed_span_equal(request.key, ED_LIT("ab")));
    ck_assert_ptr_eq(request.key.at, scratch.at);
    ck_assert_uint_eq(request.seq, 9);
    release(bytes);
  }
  ed_buf_deinit(&scratch);
}
END_TEST

START_TEST(no_fault_wanted) {
  struct ed_buf scratch = {0};
  struct ed_request request;
  ck_assert_int_eq(ed_wire_decode(ED_JSON, ED_LIT("{"), &limits, &scratch, &request, NULL), -1);
  ck_assert_int_eq(ed_wire_decode(ED_CBOR, ed_span(NULL, 0), &limits, &scratch, &request, NULL), -1);
}
END_TEST

#define COUNT(array) (int)(sizeof(array) / sizeof *(array))

static Suite *suite(void) {
  Suite *suite = suite_create("codec/wire_decode");
  TCase *tests = tcase_create("decode");
  tcase_add_loop_test(tests, json_row, 0, COUNT(json_rows));
  tcase_add_loop_test(tests, cbor_row, 0, COUNT(cbor_rows));
  tcase_add_test(tests, borrows);
  tcase_add_test(tests, scratch);
  tcase_add_test(tests, no_fault_wanted);
  suite_add_tcase(suite, tests);
  return suite;
}

ED_TEST_MAIN(suite)
