-- ends: budget
-- The same with texts that are not as large.
local s = ("1"):rep(60000)
local x
while true do
  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s
  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s
end
