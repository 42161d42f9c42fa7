-- ends: budget memory
-- Numbers of three hundred digits, thousands in one call.
local numbers = {}
for i = 1, 2500 do numbers[i] = 1e308 end
local pattern = ("%99.99f"):rep(2500)
while true do pattern:format(unpack(numbers)) end
