-- ends: error
-- Asks for as many results as overflow their own count.
assert(not pcall(unpack, {}, -2 ^ 31, 2 ^ 31 - 1))
assert(not pcall(unpack, {}, 0, 2 ^ 31 - 1))
assert(not pcall(unpack, {}, 1, 2 ^ 53))
unpack({}, -2 ^ 53, 2 ^ 53)
