-- ends: budget
-- Never ends, by way of metamethods that call each other in tail position.
local t = setmetatable({}, {})
getmetatable(t).__index = function(self, key) return self[key + 1] end
getmetatable(t).__call = function(self, n) return self(n + 1) end
t(1)
return t[1]
