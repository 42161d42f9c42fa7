-- ends: budget
-- Never ends, in functions that LuaJIT has written in assembler.
while true do type(1) select("#") rawequal(1, 2) bit.band(1, 2) end
