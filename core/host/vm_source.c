/* The one thing in a source text that must not come to the compiler: a literal like 42LL makes LuaJIT load the FFI
 * library. So the text is cut into words just as its lexer does it. */
#include <string.h>

#include "host/vm_private.h"

struct lexer {
  const uint8_t *at, *end;
  int line;
};

static bool is_digit(uint8_t c) { return c >= '0' && c <= '9'; }

static bool is_word(uint8_t c) { return is_digit(c) || (c | 32) - 'a' + 0u < 26 || c == '_' || c >= 0x80; }

static uint8_t peek(const struct lexer *lexer, size_t ahead) {
  return (size_t)(lexer->end - lexer->at) > ahead ? lexer->at[ahead] : 0;
}

static void take(struct lexer *lexer) {
  if (*lexer->at == '\n') lexer->line++;
  lexer->at++;
}

static void skip_line(struct lexer *lexer) {
  while (lexer->at < lexer->end && *lexer->at != '\n' && *lexer->at != '\r') lexer->at++;
}

/* [[...]] or [==[...]==], from its first bracket on. False, with nothing taken, where it is none. */
static bool skip_long(struct lexer *lexer) {
  size_t level = 0;
  while (peek(lexer, 1 + level) == '=') level++;
  if (peek(lexer, 1 + level) != '[') return false;
  for (size_t i = 0; i < level + 2; i++) take(lexer);
  while (lexer->at < lexer->end) {
    size_t equals = 0;
    if (*lexer->at == ']')
      while (equals < level && peek(lexer, 1 + equals) == '=') equals++;
    bool closes = *lexer->at == ']' && equals == level && peek(lexer, 1 + level) == ']';
    if (closes) {
      lexer->at += level + 2;
      return true;
    }
    take(lexer);
  }
  return true;
}

static void skip_string(struct lexer *lexer) {
  uint8_t quote = *lexer->at++;
  while (lexer->at < lexer->end && *lexer->at != quote) {
    if (*lexer->at == '\\' && peek(lexer, 1)) take(lexer);
    take(lexer);
  }
  if (lexer->at < lexer->end) lexer->at++;
}

/* Takes what the compiler takes for a number. Whether it may become a cdata: numbers have none of these letters, in
 * whatever order its suffixes come. */
static bool take_number(struct lexer *lexer) {
  const uint8_t *start = lexer->at;
  bool suffix = false;
  uint8_t exponent = *start == '0' && (peek(lexer, 1) | 32) == 'x' ? 'p' : 'e';
  for (uint8_t before = 0; lexer->at < lexer->end; before = *lexer->at++) {
    uint8_t c = *lexer->at;
    bool sign = (c == '-' || c == '+') && (before | 32) == exponent;
    if (!is_word(c) && c != '.' && !sign) break;
    suffix = suffix || (c | 32) == 'i' || (c | 32) == 'l' || (c | 32) == 'u';
  }
  return suffix;
}

int ed_vm_source_cdata(struct ed_span source) {
  struct lexer lexer = {source.at, source.at + source.len, 1};
  if (source.len >= 3 && memcmp(source.at, "\xef\xbb\xbf", 3) == 0) lexer.at += 3;
  if (peek(&lexer, 0) == '#') skip_line(&lexer);
  while (lexer.at < lexer.end) {
    uint8_t c = *lexer.at;
    if (c == '-' && peek(&lexer, 1) == '-') {
      lexer.at += 2;
      if (peek(&lexer, 0) != '[' || !skip_long(&lexer)) skip_line(&lexer);
    } else if (c == '[') {
      if (!skip_long(&lexer)) lexer.at++;
    } else if (c == '"' || c == '\'') {
      skip_string(&lexer);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(&lexer, 1)))) {
      if (take_number(&lexer)) return lexer.line;
    } else if (is_word(c)) {
      while (lexer.at < lexer.end && is_word(*lexer.at)) lexer.at++;
    } else {
      take(&lexer);
    }
  }
  return 0;
}
