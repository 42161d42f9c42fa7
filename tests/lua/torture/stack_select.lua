-- ends: error
-- Selects what is not there.
assert(select(-1, 1, 2) == 2)
assert(not pcall(select, -2 ^ 31, 1))
select(-5, 1)
