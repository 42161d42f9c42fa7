-- A text that many write at once. The page uses Yjs, and appends what that calls updates, byte strings, to the key
-- "text":
--
--   db.subscribe("text", ({ value }) => Y.applyUpdate(doc, value))
--   doc.on("update", (update) => db.push("text", update, "append"))
--
-- The room cannot read them, but it sees to it that they do not pile up: when there are too many it asks a page, by
-- "fold", to put one in place of all up to a number:
--
--   db.subscribe("fold", ({ value: seq }) => db.push("text", Y.encodeStateAsUpdate(doc), { type: "compact", seq }))
local eddy = require "eddy"

local knobs = eddy.knobs {
  fold = 100, --         so many updates are kept before a page is asked
  patience = "5s", --    has it not done so by then, another one is
  longest = "256KiB", -- bytes of one update
  most = "2MiB", --      bytes of a text with all that it has been
  idle = "7d", --        a text that nobody looked at for so long is deleted
}

local asked, since -- who was asked to fold, and when

-- Every message for "text" comes here before anybody gets it.
local function judge(room, msg, member)
  if not eddy.is_bytes(msg.value) then return nil, "an update is a byte string: connect with ?cbor=true" end
  if msg.action == "compact" then
    if member ~= asked then return nil end -- it was another's turn: nobody needs to hear of it
    if msg.size > eddy.size(knobs.most) then return nil, "the text is full" end
    return msg
  end
  if msg.action ~= "append" then return nil, "a text grows by appended updates" end
  if msg.size > eddy.size(knobs.longest) then return nil, "this is too much at once" end
  local _, bytes = room:size(msg.key)
  if bytes + msg.size > eddy.size(knobs.most) then return nil, "the text is full" end
  return msg
end

-- And here after everybody was sent it. `member` is who wrote: its page is there, and has heard all there is.
local function look(room, msg, member)
  if msg.action == "compact" then
    asked = nil
    return
  end
  if room:size(msg.key) < knobs.fold or not member or not member.connected then return end
  if asked and asked.here and room:now() - since < eddy.seconds(knobs.patience) then return end
  asked, since = member, room:now()
  member:send("fold", msg.seq)
end

return eddy.policy {
  eddy.on("text", { push = judge, commit = look }, eddy.retention { idle = knobs.idle }),
  eddy.on("fold", { push = function() return nil, "only the room asks" end }),
  eddy.on("cursor/*", eddy.presence {}, eddy.debounce { every = "40ms" }),
}
