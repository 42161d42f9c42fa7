-- ends: error
-- The one function that gives finalizers to scripts.
if newproxy then return "escaped" end
newproxy(true)
