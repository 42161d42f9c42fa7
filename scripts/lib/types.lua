---@meta
-- What scripts see, for editors that know LuaLS annotations (https://luals.github.io/wiki/annotations): they complete
-- names and check arguments. Nothing runs here. Point the editor at this folder:
-- "Lua.workspace.library": ["scripts/lib"].

---@alias eddy.time number|string seconds, or a text such as "40ms", "5s", "24h"
---@alias eddy.size number|string bytes, or a text such as "64KiB"
---@alias eddy.action "relay"|"append"|"replace"

---@class eddy.room
---@field id string
---@field namespace string
---@field seq integer the number of the room's last message; 0 where there was none yet
local room = {}

---Pushes a message in the policy's own name. It is sent once the call at hand has returned; the push stages do not see
---it, the commit stages do.
---@param key string
---@param value any
---@param action? eddy.action "relay" where not given
---@param options? { from?: eddy.member, transient?: boolean }
function room:push(key, value, action, options) end

---Replaces what the key retains up to number `seq` by one message with this value.
---@param key string
---@param seq integer
---@param value any
function room:compact(key, seq, value) end

---What the key retains, oldest first: number, value, and when it was pushed (seconds since 1970).
---@param key string
---@return fun(): integer?, any, number?
function room:each(key) end

---How many messages the key retains, and their bytes.
---@param key string
---@return integer messages
---@return integer bytes
function room:size(key) end

---Drops the oldest messages of the key until the rest is within all that is given.
---@param key string
---@param limits { messages?: integer, bytes?: integer, age?: eddy.time }
---@return integer dropped
function room:trim(key, limits) end

---Drops the message with this number.
---@param key string
---@param seq integer
---@return boolean dropped
function room:drop(key, seq) end

---The keys that retain something, in no order.
---@param pattern? string "*" where not given
---@return string[]
function room:keys(pattern) end

---Those who have a connection, in no order.
---@return eddy.member[]
function room:members() end

---Calls fn(room) once.
---@param time eddy.time
---@param fn fun(room: eddy.room)
---@return eddy.timer
function room:after(time, fn) end

---Calls fn(room) again and again.
---@param time eddy.time
---@param fn fun(room: eddy.room)
---@return eddy.timer
function room:every(time, fn) end

---Seconds on a clock that only goes forward.
---@return number
function room:now() end

---Seconds since 1970.
---@return number
function room:time() end

---With no connection and no message for so long, the room is deleted; 0: never.
---@param time eddy.time
function room:expire(time) end

---A line in the daemon's log.
---@param ... any
function room:log(...) end

---Of policies with eddy.presence: client -> value, of all that are here.
---@param key string
---@return table<string, any>
function room:present(key) end

---@class eddy.timer
local timer = {}
function timer:cancel() end

---@class eddy.member
---@field id integer from 1, unique in a room's life
---@field here boolean false once it has gone
---@field connected boolean false for one who came by HTTP, for one message
---@field encoding "json"|"cbor"|nil what it is sent
local member = {}

---Sends a push message to this one alone. False where it has gone.
---@param key string
---@param value any
---@return boolean
function member:send(key, value) end

---Ends its connection.
---@param why? string what the client is told, up to 123 bytes
---@param code? integer 1008 where it is not said; 1000, or 3000 to 4999
function member:close(why, code) end

---@class eddy.msg
---@field key string
---@field action "relay"|"append"|"replace"|"compact" may be assigned in push
---@field value any decoded when first looked at; must be assigned (in push) to change the message
---@field raw any the value as it came, opaque: to be pushed again later, byte for byte
---@field size integer bytes of the value
---@field seq integer? its number, in commit
---@field compacts integer? of a compact: up to where
---@field transient boolean retained in memory only; may be assigned in push
---@field own boolean pushed by the policy itself

---@class eddy.stage
---@field key? string pattern: a key, or the beginning of one and "*"
---@field name? string
---@field open? fun(room: eddy.room)
---@field join? fun(room: eddy.room, member: eddy.member): boolean?, string?
---@field push? fun(room: eddy.room, msg: eddy.msg, member: eddy.member?): eddy.msg?, string?
---@field commit? fun(room: eddy.room, msg: eddy.msg, member: eddy.member?)
---@field leave? fun(room: eddy.room, member: eddy.member)
---@field close? fun(room: eddy.room)
---@field api? table<string, fun(room: eddy.room, ...): any>
---@field [integer] eddy.stage

---@class eddy
---@field null lightuserdata null of JSON and CBOR
local eddy = {}

---What a policy file returns.
---@param stages eddy.stage
---@return eddy.stage
function eddy.policy(stages) end

---These parts, for these keys alone.
---@param pattern string
---@param ... eddy.stage
---@return eddy.stage
function eddy.on(pattern, ...) end

---@class eddy.reducer.options
---@field initial any the state to begin with; or a function that makes it
---@field step fun(state: any, action: any, who: eddy.member?): any, string? the new state; or nil and why not
---@field fold? integer how many messages the key retains at most; 30 where not given
---@field settle? eddy.time so long after two members have acted at once, everybody is sent the state
---@field refuses_first? boolean a promise: step refuses before it changes anything

---A state that changes by actions, for pages that call useSharedReducer.
---@param options eddy.reducer.options
---@return eddy.stage
function eddy.reducer(options) end

---@class eddy.presence.options
---@field timeout? eddy.time gone after so long without a sign; 5 s where not given
---@field grace? eddy.time or so long after the connection has gone; 2 s where not given
---@field on_join? fun(room: eddy.room, key: string, client: string, value: any, member: eddy.member?)
---@field on_leave? fun(room: eddy.room, key: string, client: string)

---Who is here, for pages that call usePresence.
---@param options? eddy.presence.options
---@return eddy.stage
function eddy.presence(options) end

---Of values that change too often: the first at once, then the latest now and then.
---@param options? { every?: eddy.time, max_wait?: eddy.time }
---@return eddy.stage
function eddy.debounce(options) end

---How much is kept, and for how long.
---@param options? { messages?: integer, bytes?: eddy.size, age?: eddy.time, idle?: eddy.time }
---@return eddy.stage
function eddy.retention(options) end

---The knobs of the policy: name and default of each. The configuration may set them.
---@generic T: table<string, number|string|boolean>
---@param defaults T
---@return T
function eddy.knobs(defaults) end

---Marks a table as an array, so that an empty one is sent as [].
---@generic T: table
---@param list T
---@return T
function eddy.array(list) end

---@param value any
---@return boolean
function eddy.is_array(value) end

---A byte string, from a Lua string.
---@param text string
---@return userdata
function eddy.bytes(text) end

---@param value any
---@return boolean
function eddy.is_bytes(value) end

---An integer beyond 2^53, from its digits.
---@param digits string
---@return userdata
function eddy.integer(digits) end

---@param value any
---@return boolean
function eddy.is_integer(value) end

---@param time eddy.time
---@return number
function eddy.seconds(time) end

---@param size eddy.size
---@return number
function eddy.size(size) end

return eddy
