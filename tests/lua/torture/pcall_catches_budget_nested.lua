-- ends: budget
-- Has a hundred guards around it, each of which goes on.
local function nest(n)
  while true do
    pcall(nest, n + 1)
    local i = 0
    while i < 100000 do i = i + 1 end
  end
end
nest(1)
