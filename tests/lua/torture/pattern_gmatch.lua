-- ends: budget
-- Every step of the iterator looks through all of the text.
local s = ("a"):rep(1e6)
while true do
  for x in s:gmatch("b") do end
end
