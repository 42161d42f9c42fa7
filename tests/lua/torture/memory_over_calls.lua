-- ends: memory
-- Keeps a little more with each call, which is all within its budget.
local keep = {}
return function()
  for i = 1, 100 do keep[#keep + 1] = ("x"):rep(1000) .. #keep end
end
