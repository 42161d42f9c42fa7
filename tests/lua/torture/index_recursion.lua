-- ends: error
-- An __index that indexes.
local t = setmetatable({}, { __index = function(self, key) return 1 + self[key] end })
local x = t.a
