-- A chat. A page appends { name: "Ann", text: "Hello" } to the key "chat", and gets what was said before when it asks
-- for it:
--
--   db.subscribe("chat", ({ value }) => show(value.name, value.text))
--   db.send({ type: "push", key: "chat", action: { type: "append" }, value: { name: "Ann", text: "Hello" } })
--
-- It shows what a policy of your own looks like: a `push` that judges each message, beside a part from the library.
local eddy = require "eddy"

local knobs = eddy.knobs {
  keep = 500, --      messages
  keep_for = "7d",
  longest = 2000, --  bytes of a text
  burst = 5, --       one member may say so much
  burst_time = "10s", -- within so long
  bad_words = "", --  to be starred out, with spaces between: "darn heck"
}

local is_bad = {}
for word in knobs.bad_words:gmatch("%S+") do is_bad[word:lower()] = true end

-- Replaces each word (a run of letters) that is bad by as many stars.
local function clean(text)
  return (text:gsub("%a+", function(word)
    if is_bad[word:lower()] then return ("*"):rep(#word) end
  end))
end

-- How much each member has said, and since when. Weak keys ("k"): who has gone is forgotten.
local said = setmetatable({}, { __mode = "k" })

local function too_fast(room, member)
  local who = member.connected and member or said -- all who come by HTTP share one count
  local now, count = room:now(), said[who]
  if not count or now - count.since >= eddy.seconds(knobs.burst_time) then
    count = { since = now, messages = 0 }
    said[who] = count
  end
  count.messages = count.messages + 1
  return count.messages > knobs.burst
end

-- Every message for "chat" comes here before anybody gets it. Return it, and it goes on; return nil and a reason, and
-- the sender gets that as an error.
local function judge(room, msg, member)
  if msg.action ~= "append" then return nil, "what was said stays said: append" end
  local value = msg.value
  if type(value) ~= "table" or type(value.name) ~= "string" or type(value.text) ~= "string" then
    return nil, "a message is {\"name\": text, \"text\": text}"
  end
  -- With its name, and whatever else a page puts in: what is kept must not come near the room's own limits, at which
  -- nobody could say anything any more. (A letter of JSON may take six bytes.)
  if msg.size > 6 * knobs.longest + 1000 then return nil, "this is too much at once" end
  if #value.text > knobs.longest then return nil, ("a text has at most %d bytes"):format(knobs.longest) end
  if member and too_fast(room, member) then return nil, "not so fast" end

  local text = clean(value.text)
  if text ~= value.text then
    value.text = text
    msg.value = value -- to change a message, a value must be assigned; else everyone gets exactly what was sent
  end
  return msg
end

return eddy.policy {
  eddy.on("chat", { push = judge }, eddy.retention { messages = knobs.keep, age = knobs.keep_for }),
  eddy.on("__presence", eddy.presence {}),
}
