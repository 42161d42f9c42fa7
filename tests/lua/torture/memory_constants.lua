-- ends: budget
-- A constructor that copies ten thousand constants.
local function make()
  return { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, g = 7, h = 8 }
end
while true do make() end
