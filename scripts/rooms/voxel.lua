-- A voxel editor: cubes in a space that everyone may add to and take from, and who is where. The page:
--
--   function reducer(voxels, action) {
--     if (action.type === "add") return { ...voxels, [action.voxel.position.join(":")]: action.voxel }
--     if (action.type === "remove") { const { [action.name]: _, ...rest } = voxels; return rest }
--     return voxels
--   }
--   const [voxels, dispatch] = useSharedReducer("voxels", reducer, {})
--   const users = usePresence("users", { position, color })
--   dispatch({ type: "add", voxel: { position: [1, 0, 2], color: "#D33115", opacity: 1 } })
--   dispatch({ type: "remove", name: "1:0:2" })
local eddy = require "eddy"

local knobs = eddy.knobs {
  size = 1000, --    a coordinate is from -size to size
  most = 4000, --    voxels in a room
  settle = "1s", --  so long after two have built at once, everybody is sent all voxels
  users_every = "40ms",
}

local function is_coordinate(value)
  return type(value) == "number" and value % 1 == 0 and math.abs(value) <= knobs.size
end

-- The name of a place, "1:0:2", as the page makes it; nil where there is no such place.
local function name_of(position)
  if type(position) ~= "table" or #position ~= 3 then return nil end
  for i = 1, 3 do
    if not is_coordinate(position[i]) then return nil end
  end
  return ("%d:%d:%d"):format(position[1], position[2], position[3])
end

-- Short, and with nothing in it that has parts but the position: so that `most` of them are no more than a room can hold.
local function is_small(voxel)
  local size = 0
  for name, value in pairs(voxel) do
    if name ~= "position" then
      if type(value) == "table" then return false end
      size = size + #name + #tostring(value)
    end
  end
  return size <= 100
end

-- How many there are. Lua tables do not know; so it is counted once, and from then on kept up to date in `step`. The
-- state may become another table, when the room makes it anew from what it keeps: then it is counted again.
local counted, count

local function count_of(voxels)
  if voxels ~= counted then
    counted, count = voxels, 0
    for _ in pairs(voxels) do count = count + 1 end
  end
  return count
end

local function step(voxels, action, who)
  if type(action) ~= "table" then return nil, "an action is a table" end
  if action.type == "add" then
    local name = type(action.voxel) == "table" and name_of(action.voxel.position)
    if not name then return nil, "a voxel needs a position of three whole numbers" end
    if who and not is_small(action.voxel) then return nil, "a voxel has a position, and little more" end
    if not voxels[name] then
      if count_of(voxels) >= knobs.most then return nil, "the space is full" end
      count = count + 1
    end
    voxels[name] = action.voxel
    return voxels
  end
  if action.type == "remove" then
    if type(action.name) ~= "string" then return nil, "remove needs the name of a voxel" end
    if voxels[action.name] then count = count_of(voxels) - 1 end -- it may be gone already: two may have clicked it
    voxels[action.name] = nil
    return voxels
  end
  return nil, "there are add and remove"
end

return eddy.policy {
  -- settle: a stock page may have lost sight of what it built itself. refuses_first: `step` changes the voxels only
  -- once it is sure.
  eddy.on("voxels", eddy.reducer { initial = {}, step = step, settle = knobs.settle, refuses_first = true }),
  eddy.on("users", eddy.presence {}, eddy.debounce { every = knobs.users_every }),
}
