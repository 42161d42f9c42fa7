-- ends: error
-- Writes into a library past its metatable.
for _, library in ipairs { string, table, math, bit } do
  if pcall(table.insert, library, 1) or library[1] then return "escaped" end
  if pcall(table.insert, library, 1, 1) or library[1] then return "escaped" end
  pcall(table.remove, library)
  pcall(table.sort, library)
end
table.insert(string, "x")
