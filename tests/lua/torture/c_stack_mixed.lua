-- ends: error budget
-- Recursion through all that calls back, in turn.
local f
local t = setmetatable({}, { __tostring = function() f() return "" end, __index = function() f() end })
function f()
  pcall(string.gsub, "x", "x", t)
  xpcall(string.format, function() return f() end, "%s", t)
  local _ = ("x"):gsub("x", f)
end
f()
