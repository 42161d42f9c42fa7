-- ends: error
-- Handlers that are no functions.
assert(xpcall(error, 5) == false)
assert(xpcall(error, {}) == false)
assert(xpcall(5, 5) == false)
assert(xpcall(error, nil, "x") == false)
xpcall(error)
