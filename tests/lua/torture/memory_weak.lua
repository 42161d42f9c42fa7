-- ends: memory budget
-- Weak tables in weak tables, for the collector.
local all, mode = {}, { __mode = "kv" }
while true do
  local t = setmetatable({}, mode)
  t[all] = t
  t[t] = all
  all[#all + 1] = t
end
