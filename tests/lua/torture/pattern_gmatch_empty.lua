-- ends: budget
-- Matches nothing, a million times, again and again.
local s = ("a"):rep(1e6)
while true do
  for x in s:gmatch("()") do end
end
