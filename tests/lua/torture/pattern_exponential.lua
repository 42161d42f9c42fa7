-- ends: budget
-- Takes exponential time in the stock matcher.
local n = 28
local text = ("a"):rep(n)
text:match(("a?"):rep(n) .. text)
error("held", 0)
