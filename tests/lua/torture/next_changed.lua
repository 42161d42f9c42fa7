-- ends: error
-- Adds to a table while going through it.
local t = { a = 1 }
for i = 1, 100 do
  for k in pairs(t) do
    t[k .. i] = 1
    t[k] = nil
    if #k > 100 then break end
  end
end
next({}, "no such key")
