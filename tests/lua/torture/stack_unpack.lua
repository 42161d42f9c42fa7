-- ends: error
-- Asks for a hundred million results.
unpack({}, 1, 1e8)
