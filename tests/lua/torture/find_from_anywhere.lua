-- ends: error
-- Begins to search before the beginning and behind the end.
local s = "hello"
for _, init in ipairs { -2 ^ 31, 2 ^ 31, -2 ^ 53, 2 ^ 53, 1 / 0, -1 / 0, 0 / 0 } do
  s:find("l", init) s:find("l", init, true) s:match("l", init) s:sub(init, init) s:byte(init) s:sub(-init, init)
end
error("held", 0)
