-- ends: error
-- Reads what is no JSON (which no room ever has).
for _, s in ipairs { "", "[", "{", '"', '{"a"', "[1,", "nul", "1e", '"\\u12', "\255", "[1]]", "-" } do assert(not pcall(decode, s)) end
decode("{")
