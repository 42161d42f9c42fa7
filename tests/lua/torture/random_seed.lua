-- ends: error
-- Sets the generator that other rooms use.
math.randomseed(1)
