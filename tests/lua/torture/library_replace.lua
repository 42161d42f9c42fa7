-- ends: error
-- Replaces a function in a library that all rooms share.
for _, library in ipairs { string, table, math, bit } do
  local ok = pcall(function() library.find = 1 end)
  if ok or library.find == 1 then return "escaped" end
end
string.find = error
