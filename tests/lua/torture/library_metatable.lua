-- ends: error
-- Takes a library's lock off.
for _, library in ipairs { string, table, math, bit, "" } do
  if getmetatable(library) then return "escaped" end
  if pcall(setmetatable, library, {}) or pcall(setmetatable, library, nil) then return "escaped" end
end
setmetatable(string, nil)
