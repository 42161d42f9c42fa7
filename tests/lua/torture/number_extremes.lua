-- ends: error
-- Numbers at every edge, in all that takes one.
local edges = { 0, -1, 2 ^ 31, -2 ^ 31, 2 ^ 53, -2 ^ 63, 1e308, -1 / 0, 0 / 0, 0.5 }
local functions = { bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.tohex, bit.bswap, bit.tobit, math.ldexp, math.fmod,
  math.random, math.pow, string.char, tostring, tonumber, select, unpack, ("x").rep, ("x").sub, ("x").byte, table.concat }
for _, f in ipairs(functions) do
  for _, a in ipairs(edges) do
    for _, b in ipairs(edges) do pcall(f, a, b) pcall(f, "x", a, b) pcall(f, {}, a, b) end
  end
end
error("held", 0)
