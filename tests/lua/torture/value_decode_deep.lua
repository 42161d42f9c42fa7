-- ends: error
-- Reads what is nested more deeply than a message may be.
assert(not pcall(decode, ("["):rep(65) .. ("]"):rep(65)))
assert(not pcall(decode, ("["):rep(2000)))
decode(("["):rep(1e5))
