-- ends: error
-- A pattern that recurses once per character.
local s = ("x"):rep(1e5)
s:find(("(x?)"):rep(30) .. ("x?"):rep(1000) .. "$")
