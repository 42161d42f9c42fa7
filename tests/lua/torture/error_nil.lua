-- ends: error
-- No error at all.
error(nil)
