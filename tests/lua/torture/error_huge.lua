-- ends: error
-- A message of a megabyte.
error(("x"):rep(1e6))
