-- ends: error
-- Every conversion there is, and is not, without arguments and with wrong ones.
for i = 0, 255 do
  local c = string.char(i)
  pcall(string.format, "%" .. c)
  pcall(string.format, "%" .. c, {})
  pcall(string.format, "%-+ #0" .. c, "x")
  pcall(string.format, "%10.3" .. c, 1)
  pcall(string.format, "%.-1" .. c, -1)
end
local x = ("%d"):format("x")
