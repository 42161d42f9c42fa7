-- ends: budget memory
-- The same with no instruction in between.
local s = ("1"):rep(1e6)
local x
while true do
  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s
  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s
  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s  x = s + s
end
