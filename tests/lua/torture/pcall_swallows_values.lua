-- ends: error
-- Throws all that is no text through guards.
for _, value in pairs { 1, true, {}, print, function() end } do
  local ok, same = pcall(error, value)
  assert(not ok and same == value)
end
assert(select("#", pcall(error)) == 2)
error({ "held" })
