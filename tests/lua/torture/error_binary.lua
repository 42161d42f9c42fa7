-- ends: error
-- A message of all bytes.
local t = {}
for i = 1, 255 do t[i] = string.char(256 - i) end
error(table.concat(t) .. "\0escaped")
