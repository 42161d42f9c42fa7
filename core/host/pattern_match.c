#include "host/pattern_match.h"

#include <string.h>

#define ESCAPE '%'
#define DEPTH_MAX 200 /* of recursion, as in LuaJIT */
#define STEPS_EVERY 128

enum class {
  ALPHA = 1,
  CONTROL = 2,
  DIGIT = 4,
  LOWER = 8,
  PUNCTUATION = 16,
  SPACE = 32,
  UPPER = 64,
  HEX = 128,
};

/* ASCII, whatever the locale. */
static unsigned class_of(unsigned char c) {
  if (c >= 128) return 0;
  if (c < 32 || c == 127) return CONTROL | (c >= 9 && c <= 13 ? SPACE : 0u);
  if (c == ' ') return SPACE;
  if (c >= '0' && c <= '9') return DIGIT | HEX;
  unsigned hex = (c | 32) >= 'a' && (c | 32) <= 'f' ? HEX : 0;
  if (c >= 'a' && c <= 'z') return ALPHA | LOWER | hex;
  if (c >= 'A' && c <= 'Z') return ALPHA | UPPER | hex;
  return PUNCTUATION;
}

/* Whether `c` is in the class that is written %name; a name that is none stands for itself. */
static bool in_class(unsigned char c, unsigned char name) {
  unsigned wanted;
  switch (name | 32) {
    case 'a': wanted = ALPHA; break;
    case 'c': wanted = CONTROL; break;
    case 'd': wanted = DIGIT; break;
    case 'g': wanted = ALPHA | DIGIT | PUNCTUATION; break;
    case 'l': wanted = LOWER; break;
    case 'p': wanted = PUNCTUATION; break;
    case 's': wanted = SPACE; break;
    case 'u': wanted = UPPER; break;
    case 'w': wanted = ALPHA | DIGIT; break;
    case 'x': wanted = HEX; break;
    case 'z':
      if (name == 'z') return c == 0;
      if (name == 'Z') return c != 0;
      return name == c;
    default: return name == c;
  }
  if (!(class_of(name) & ALPHA)) return name == c;
  bool is = class_of(c) & wanted;
  return name & 32 ? is : !is;
}

static void step(struct ed_match *m, size_t steps) {
  m->steps += (unsigned)steps;
  if (m->steps < STEPS_EVERY) return;
  ed_vm_charge(m->L, m->steps);
  m->steps = 0;
}

/* Behind the single-character item at `p`: x, %x or [set]. */
static const char *item_end(struct ed_match *m, const char *p) {
  const char *start = p;
  if (*p == ESCAPE) {
    if (p[1] == 0) luaL_error(m->L, "malformed pattern (ends with '%%')");
    return p + 2;
  }
  if (*p++ != '[') return p;
  if (*p == '^') p++;
  do { /* a ] that comes first is one of the set */
    if (*p == 0) luaL_error(m->L, "malformed pattern (missing ']')");
    if (*p++ == ESCAPE && *p != 0) p++;
  } while (*p != ']');
  step(m, (size_t)(p - start) / 4);
  return p + 1;
}

/* `last` is at the set's closing bracket. */
static bool in_set(struct ed_match *m, unsigned char c, const char *p, const char *last) {
  bool found = true;
  step(m, (size_t)(last - p) / 4);
  if (p[1] == '^') {
    found = false;
    p++;
  }
  while (++p < last) {
    if (*p == ESCAPE) {
      p++;
      if (in_class(c, (unsigned char)*p)) return found;
    } else if (p[1] == '-' && p + 2 < last) {
      p += 2;
      if ((unsigned char)p[-2] <= c && c <= (unsigned char)*p) return found;
    } else if ((unsigned char)*p == c) {
      return found;
    }
  }
  return !found;
}

static bool matches_item(struct ed_match *m, const char *at, const char *p, const char *behind) {
  if (at >= m->end) return false;
  unsigned char c = (unsigned char)*at;
  switch (*p) {
    case '.': return true;
    case ESCAPE: return in_class(c, (unsigned char)p[1]);
    case '[': return in_set(m, c, p, behind - 1);
    default: return (unsigned char)*p == c;
  }
}

static const char *do_match(struct ed_match *m, const char *at, const char *p);

/* %bxy, `p` at x. */
static const char *balanced(struct ed_match *m, const char *at, const char *p) {
  if (p[0] == 0 || p[1] == 0) luaL_error(m->L, "unbalanced pattern");
  if (at >= m->end || *at != *p) return NULL;
  int open = 1;
  for (at++; at < m->end; at++) {
    step(m, 1);
    if (*at == p[1]) {
      if (--open == 0) return at + 1;
    } else if (*at == p[0]) {
      open++;
    }
  }
  return NULL;
}

/* As many as there are, then as few less as it takes for the rest to match. */
static const char *most(struct ed_match *m, const char *at, const char *p, const char *behind) {
  ptrdiff_t n = 0;
  while (matches_item(m, at + n, p, behind)) {
    step(m, 1);
    n++;
  }
  for (; n >= 0; n--) {
    const char *end = do_match(m, at + n, behind + 1);
    if (end) return end;
  }
  return NULL;
}

static const char *fewest(struct ed_match *m, const char *at, const char *p, const char *behind) {
  for (;;) {
    const char *end = do_match(m, at, behind + 1);
    if (end) return end;
    if (!matches_item(m, at, p, behind)) return NULL;
    step(m, 1);
    at++;
  }
}

static const char *open_capture(struct ed_match *m, const char *at, const char *p, ptrdiff_t what) {
  if (m->captures_len >= ED_CAPTURES_MAX) luaL_error(m->L, "too many captures");
  m->captures[m->captures_len++] = (struct ed_capture){at, what};
  const char *end = do_match(m, at, p);
  if (!end) m->captures_len--;
  return end;
}

static const char *close_capture(struct ed_match *m, const char *at, const char *p) {
  int i = m->captures_len - 1;
  while (i >= 0 && m->captures[i].len != ED_CAPTURE_OPEN) i--;
  if (i < 0) luaL_error(m->L, "invalid pattern capture");
  m->captures[i].len = at - m->captures[i].start;
  const char *end = do_match(m, at, p);
  if (!end) m->captures[i].len = ED_CAPTURE_OPEN;
  return end;
}

/* %1 to %9: the same text again. */
static const char *same_again(struct ed_match *m, const char *at, char digit) {
  int i = digit - '1';
  if (i < 0 || i >= m->captures_len || m->captures[i].len == ED_CAPTURE_OPEN) luaL_error(m->L, "invalid capture index");
  /* A position is as long as no text can be, as in the stock matcher, where its length is unsigned. */
  size_t len = (size_t)m->captures[i].len;
  if ((size_t)(m->end - at) < len) return NULL;
  step(m, len / 16);
  return memcmp(m->captures[i].start, at, len) == 0 ? at + len : NULL;
}

/* %f[set]: between a character that is not in the set and one that is. */
static bool at_frontier(struct ed_match *m, const char *at, const char *p, const char *behind) {
  unsigned char before = at == m->begin ? 0 : (unsigned char)at[-1];
  return !in_set(m, before, p, behind - 1) && in_set(m, (unsigned char)*at, p, behind - 1);
}

/* What begins with % and is no single character. False where it is one; else *at is moved, or NULL where it does not
 * match. */
static bool escape(struct ed_match *m, const char **at, const char **p) {
  char kind = (*p)[1];
  if (kind == 'b') {
    *at = balanced(m, *at, *p + 2);
    *p += 4;
  } else if (kind == 'f') {
    const char *set = *p + 2;
    if (*set != '[') luaL_error(m->L, "missing '[' after '%%f' in pattern");
    *p = item_end(m, set);
    if (!at_frontier(m, *at, set, *p)) *at = NULL;
  } else if (kind >= '0' && kind <= '9') {
    *at = same_again(m, *at, kind);
    *p += 2;
  } else {
    return false;
  }
  return true;
}

static const char *do_match(struct ed_match *m, const char *at, const char *p) {
  if (++m->depth > DEPTH_MAX) luaL_error(m->L, "pattern too complex");
  while (at && *p) {
    step(m, 1);
    if (*p == '(') {
      bool position = p[1] == ')';
      at = open_capture(m, at, p + (position ? 2 : 1), position ? ED_CAPTURE_POSITION : ED_CAPTURE_OPEN);
      break;
    }
    if (*p == ')') {
      at = close_capture(m, at, p + 1);
      break;
    }
    if (*p == '$' && p[1] == 0) {
      if (at != m->end) at = NULL;
      break;
    }
    if (*p == ESCAPE && escape(m, &at, &p)) continue;
    const char *behind = item_end(m, p);
    if (*behind == '*') {
      at = most(m, at, p, behind);
      break;
    }
    if (*behind == '-') {
      at = fewest(m, at, p, behind);
      break;
    }
    bool one = matches_item(m, at, p, behind);
    if (*behind == '+') {
      at = one ? most(m, at + 1, p, behind) : NULL;
      break;
    }
    if (*behind == '?') {
      const char *end = one ? do_match(m, at + 1, behind + 1) : NULL;
      if (end) {
        at = end;
        break;
      }
      p = behind + 1;
    } else {
      at = one ? at + 1 : NULL;
      p = behind;
    }
  }
  m->depth--;
  return at;
}

void ed_match_init(struct ed_match *m, lua_State *L, const char *begin, size_t len) {
  m->L = L;
  m->begin = begin;
  m->end = begin + len;
  m->steps = 0;
}

const char *ed_match(struct ed_match *m, const char *at, const char *pattern) {
  m->depth = 0;
  m->captures_len = 0;
  step(m, 1);
  return do_match(m, at, pattern);
}

void ed_match_push(struct ed_match *m, int index, const char *at, const char *end) {
  if (index >= m->captures_len) {
    if (index != 0) luaL_error(m->L, "invalid capture index");
    lua_pushlstring(m->L, at, (size_t)(end - at));
    return;
  }
  const struct ed_capture *capture = &m->captures[index];
  if (capture->len == ED_CAPTURE_OPEN) luaL_error(m->L, "unfinished capture");
  if (capture->len == ED_CAPTURE_POSITION)
    lua_pushinteger(m->L, capture->start - m->begin + 1);
  else
    lua_pushlstring(m->L, capture->start, (size_t)capture->len);
}

int ed_match_push_all(struct ed_match *m, const char *at, const char *end) {
  int count = m->captures_len == 0 && at ? 1 : m->captures_len;
  luaL_checkstack(m->L, count, "too many captures");
  for (int i = 0; i < count; i++) ed_match_push(m, i, at, end);
  return count;
}
