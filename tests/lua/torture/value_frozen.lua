-- ends: error
-- Changes what all rooms have of the library.
assert(not pcall(table.insert, eddy, 1) and not pcall(eddy.array, eddy) and not pcall(encode, eddy))
eddy.null = 5
