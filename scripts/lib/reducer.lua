-- reducer: a state that changes by actions, and only by those that the rules allow. It speaks with pages that call
-- useSharedReducer(key, reducer, initialValue), which need to know nothing of it.
--
--   page to room    append { apply = action, i = page }     the page has already shown what it expects to come of it
--   room to pages   { apply = action, i = page }            everybody's reducer takes the next step
--   room to pages   { reset = state }                       everybody begins again from this state
--
-- Pages of eddy-client number their actions, { apply = action, i = page, n = number }, and are told in a reset
-- `seen = { page = number }`: up to which of a page's the state comprises. Who lost the connection over an action knows
-- by it whether to send that again. Stock pages pass over both.
--
-- The room takes every step too, before anybody else is told: what `step` refuses never happens, and a { reset } takes
-- it back on the page that has shown it. Once the key retains `fold` messages they become one { reset }.
--
-- The stream is the truth, the state kept here only a copy of what it comes to; whenever the two may differ the copy is
-- marked stale, and made anew from the stream when it is next needed.
local native = require "eddy.native"
local options_of = require "options"

-- A stock page folds by itself, by sending its whole state, as soon as it hears of more than 30 messages. So be
-- earlier.
local FOLD = 30

-- Resets that a refusal calls for come at most this often, in seconds.
local CALM = 0.1

-- A page that acts so soon after a reset, in seconds, may not have seen it yet. A stock page then goes back to that reset
-- once it comes, and does not show its own action again. So there is one more reset when nobody has acted for CALM; and
-- where somebody does so after each of them, the next waits twice as long, up to PATIENCE.
local CROSSING, PATIENCE = 0.5, 3.2

-- Of so many pages, those that acted last, a reset tells what it has seen, and of no more than twice as many; whoever
-- has not acted for AGE seconds may be left out. Where a part has more keys than KEYS that is not kept of further ones.
local PAGES, AGE, KEYS = 50, 600, 100

local function copy(value)
  if type(value) ~= "table" then return value end
  local new = {}
  for name, inner in pairs(value) do new[name] = copy(inner) end
  return native.is_array(value) and native.array(new) or new
end

-- What the page's own client makes: nothing that could not be sent, or be large.
local function is_numbered(page, n)
  return type(page) == "string" and #page <= 40 and page:find("^[%w_-]+$") ~= nil
    and type(n) == "number" and n >= 1 and n <= 2 ^ 53 and n % 1 == 0
end

-- An action of this page, with this number. Two tables take turns, so that what is old goes with its table.
local function note(board, page, n, now)
  if not board.young or board.pages >= PAGES or now - board.since >= AGE then
    board.old, board.young, board.pages, board.since = board.young, {}, 0, now
  end
  if not board.young[page] then board.pages = board.pages + 1 end
  board.young[page] = n
end

local function seen_of(board)
  if not board.young then return nil end
  local seen = {}
  for page, n in pairs(board.old or {}) do seen[page] = n end
  for page, n in pairs(board.young) do seen[page] = n end
  return next(seen) and seen
end

-- eddy.reducer {
--   initial = the state to begin with; or a function that makes it,
--   step    = function(state, action, who) that returns the new state (the old one, changed, will do), or nil and why
--             not. `who` is the member whose action it is; nil for one that was accepted earlier and is played again.
--   fold    = 30: how many messages the key retains at most,
--   settle  = "500ms": so long after two members have acted at once, a { reset } goes to everyone. Off where not given.
--   refuses_first = true: a promise that step refuses before it changes anything. Saves making the state anew after a
--             refusal,
-- }
return function(options)
  options = options_of("reducer", options,
    { initial = "any", step = "hook", fold = "count", settle = "time", refuses_first = "flag" })
  local step, settle, fold = options.step, options.settle, options.fold or FOLD
  if not step then error("eddy.reducer needs a step: function(state, action, who) ... end", 2) end
  if options.initial == nil then error("eddy.reducer needs an initial state", 2) end

  local part = { name = "reducer" }
  local boards, count = {}, 0 -- key -> what is known of it; and how many there are
  local many = 100 -- at so many, look for what can go
  local judged -- the board whose message was let through last, and is still to be committed
  local judged_page, judged_n -- and whose it was, where it has a number

  local function new_board(key) return { key = key, stale = true } end

  -- Of a key that retains nothing there is nothing to know: so whoever makes keys up fills no memory.
  local function remember(room, board)
    if boards[board.key] then return end
    if count >= many then
      count = 0
      for key, old in pairs(boards) do
        if room:size(key) == 0 and not old.timer then boards[key] = nil else count = count + 1 end
      end
      many = 2 * count + 100
    end
    boards[board.key], count = board, count + 1
  end

  local function numbered(room, board, page, n)
    if n and is_numbered(page, n) and (board.young or count <= KEYS) then note(board, page, n, room:now()) end
  end

  -- What a reset in the stream tells, which may be anybody's, from before there was this policy.
  local function renumber(room, board, seen)
    board.young, board.old = nil, nil
    if type(seen) ~= "table" or count > KEYS then return end
    local left = 2 * PAGES
    for page, n in pairs(seen) do
      if is_numbered(page, n) then note(board, page, n, room:now()) end
      left = left - 1
      if left == 0 then return end
    end
  end

  local function next_state(state, action, who)
    local after, why = step(state, action, who)
    if after == nil and why == nil then error("step must return the new state, or nil and a reason", 0) end
    return after, why
  end

  -- The state that the stream comes to. An action in it that today's rules refuse is left out, and pages will be told
  -- so.
  local function rebuild(room, board)
    local state = type(options.initial) == "function" and options.initial() or copy(options.initial)
    renumber(room, board)
    for _, value in room:each(board.key) do
      if type(value) == "table" and value.reset ~= nil then
        state = value.reset
        renumber(room, board, value.seen)
      elseif type(value) == "table" and value.apply ~= nil then
        local after = next_state(state, value.apply)
        if after == nil then board.disagrees = true else state = after end
        numbered(room, board, value.i, value.n)
      end
    end
    board.state, board.stale = state, false
  end

  local function state_of(room, board)
    if board.stale then rebuild(room, board) end
    return board.state
  end

  -- From a timer, or when all else is done: no other push of this room may be waiting to change the state.
  local function reset(room, board)
    board.reset_at, board.reset_seq = room:now(), room.seq + 1
    board.doubtful = nil -- all that was done so far is in it
    -- Where nothing is retained there is nothing to replace, and newcomers begin at the beginning by themselves.
    local action = room:size(board.key) > 0 and "replace" or "relay"
    local state = state_of(room, board)
    room:push(board.key, { reset = state, seen = seen_of(board) }, action)
  end

  -- Everyone begins again from the state, under a new number: right after this, but at most once each CALM.
  local function reset_soon(room, board)
    remember(room, board)
    if board.timer then return end
    local wait = board.reset_at and math.max(0, board.reset_at + CALM - room:now()) or 0
    board.timer = room:after(wait, function()
      board.timer = nil
      reset(room, board)
    end)
  end

  -- Pages that may show something else than the room holds, as long as nobody says anything else: of two members that act
  -- at once, where there is `settle`, and of one that acts while a reset is on its way to it.
  local function watch(room, board, member)
    board.acted = room:now()
    local crosses = board.reset_at and board.acted < board.reset_at + CROSSING
    if crosses then
      board.doubtful = true
    elseif not settle then
      board.pause = nil
      return
    elseif board.watching and member ~= board.first then
      board.doubtful = true
    end
    if board.watching then return end
    board.first, board.watching = member, true
    if crosses then board.pause = math.min(2 * (board.pause or CALM / 2), PATIENCE) end
    local pause = settle or board.pause
    local function look()
      local left = board.acted + pause - room:now()
      if left > 0.0005 then -- what is less would be a timer of 0 ms
        room:after(left, look)
        return
      end
      board.watching = false
      if board.doubtful then reset_soon(room, board) end
    end
    room:after(pause, look)
  end

  function part.open(room)
    for _, key in ipairs(room:keys(part.key or "*")) do
      local board = new_board(key)
      remember(room, board)
      rebuild(room, board)
      if board.disagrees then reset_soon(room, board) end
    end
  end

  function part.push(room, msg, member)
    if msg.action == "compact" then return nil end -- a page that folds: the room has done it, or will
    local value = msg.value
    if msg.action ~= "append" or type(value) ~= "table" or value.apply == nil or value.reset ~= nil then
      return nil, "this key is a reducer's: append {\"apply\": action, \"i\": page}"
    end
    local board = boards[msg.key] or new_board(msg.key)
    local state = state_of(room, board)
    board.stale = true -- until it is committed: step may fail half way, or a limit of the room refuse what it allowed
    local after, why = next_state(state, value.apply, member)
    if after ~= nil then
      board.state, judged = after, board
      judged_page, judged_n = nil, nil -- of the value nothing is kept that may be large
      if value.n and is_numbered(value.i, value.n) then judged_page, judged_n = value.i, value.n end
      return msg
    end
    board.stale = not options.refuses_first
    reset_soon(room, board)
    return nil, why
  end

  function part.commit(room, msg, member)
    if msg.action == "compact" or msg.action == "relay" then return end
    local key = msg.key
    local board = judged and judged.key == key and judged or boards[key] or new_board(key)
    remember(room, board)
    if judged_n and board == judged and not msg.own then numbered(room, board, judged_page, judged_n) end
    judged = nil
    -- What the policy itself pushes has not been through `push`; only of its own reset a reducer knows what that comes
    -- to.
    board.stale = msg.own and not (msg.action == "replace" and msg.seq == board.reset_seq)
    if member and (settle or board.reset_at) then watch(room, board, member) end
    local size = room:size(key)
    -- Once at each multiple: where the limits of the room do not allow the fold, not every message tries again.
    if size >= fold and size % fold == 0 then
      local state = state_of(room, board)
      room:compact(key, msg.seq, { reset = state, seen = seen_of(board) })
    end
  end

  -- A newer version of the policy takes over, and knows nothing of a reset that is due.
  function part.close(room)
    for _, board in pairs(boards) do
      if board.timer or board.doubtful then reset(room, board) end
    end
  end

  return part
end
