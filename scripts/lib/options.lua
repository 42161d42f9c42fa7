-- The options of a part, checked: a table with known names and values of the right kind. Errors point at the line of
-- the script that made the part.
local native = require "eddy.native"

local kinds = { -- what turns a value into what the part works with, and what to say where it cannot
  time = { native.seconds, "a number of seconds, or a text such as \"5s\"" },
  size = { native.size, "a number of bytes, or a text such as \"64KiB\"" },
  count = { function(value) return assert(value >= 1 and value % 1 == 0 and value) end, "a whole number, 1 or more" },
  hook = { function(value) return assert(type(value) == "function" and value) end, "a function" },
  flag = { function(value) if type(value) ~= "boolean" then error() end return value end, "true or false" },
  any = { function(value) return value end },
}

-- options(part, given, { name = kind }): a new table, with times in seconds and sizes in bytes.
return function(part, given, known)
  if given == nil then given = {} end
  if type(given) ~= "table" then error(("eddy.%s takes a table: eddy.%s { ... }"):format(part, part), 3) end
  local checked = {}
  for name, value in pairs(given) do
    local kind = kinds[known[name]]
    if not kind then
      local names = {}
      for known_name in pairs(known) do names[#names + 1] = known_name end
      table.sort(names)
      error(("eddy.%s has no option '%s' (it has: %s)"):format(part, tostring(name), table.concat(names, ", ")), 3)
    end
    local fine, result = pcall(kind[1], value)
    if not fine then error(("eddy.%s: %s must be %s"):format(part, name, kind[2]), 3) end
    checked[name] = result
  end
  return checked
end
