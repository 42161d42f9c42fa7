-- ends: error
-- Every malformed pattern that there is.
local s = ("x"):rep(100)
for _, p in ipairs { "%", "[", "[^", "[%", "(", ")", "%b", "%bx", "%f", "%f[", "%1", "(%1)", ("("):rep(40), "[a-", "[a-%", "x(" } do
  pcall(string.find, s, p)
  pcall(string.match, s, p)
  pcall(string.gsub, s, p, "%1")
  pcall(function() for _ in s:gmatch(p) do end end)
end
s:find("[a")
