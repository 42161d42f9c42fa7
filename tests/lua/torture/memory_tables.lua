-- ends: memory budget
-- Keeps all tables that it makes.
local t = {}
while true do t = { t } end
