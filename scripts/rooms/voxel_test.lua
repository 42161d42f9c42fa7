-- eddyd --test scripts/rooms/voxel_test.lua
local eddy = require "eddy"

local function act(member, action) return member:push("voxels", { apply = action, i = "page" }, "append") end

local function add(member, x, y, z)
  return act(member, { type = "add", voxel = { position = eddy.array { x, y, z }, color = "#D33115", opacity = 1 } })
end

local function voxels(t, room)
  local member = room:join()
  act(member, { type = "peek" })
  t:wait("1s")
  member:leave()
  return room:retained("voxels")[1].value.reset
end

return {
  ["voxels are added and removed"] = function(t)
    local room = t:room()
    local a, b = room:join(), room:join { cbor = true }
    t:ok(add(a, 1, 0, -2))
    t:ok(add(b, 5, 6, 7))
    t:ok(act(b, { type = "remove", name = "5:6:7" }))
    t:ok(act(a, { type = "remove", name = "5:6:7" }), "twice is no harm")
    t:equal(voxels(t, room), { ["1:0:-2"] = { position = { 1, 0, -2 }, color = "#D33115", opacity = 1 } })
  end,

  ["what is no voxel is refused"] = function(t)
    local a = t:room { knobs = { size = 10 } }:join()
    for _, position in ipairs { 1, eddy.array { 1, 2 }, eddy.array { 1, 2, 3, 4 }, eddy.array { 1, 2, "3" },
                                eddy.array { 0.5, 0, 0 }, eddy.array { 11, 0, 0 } } do
      local _, why = act(a, { type = "add", voxel = { position = position } })
      t:equal(why, "a voxel needs a position of three whole numbers")
    end
    local _, why = act(a, { type = "add" })
    t:equal(why, "a voxel needs a position of three whole numbers")
    for _, more in ipairs { { color = ("x"):rep(100) }, { parts = {} }, { [("x"):rep(100)] = 1 } } do
      more.position = eddy.array { 1, 2, 3 }
      _, why = act(a, { type = "add", voxel = more })
      t:equal(why, "a voxel has a position, and little more")
    end
    _, why = act(a, { type = "remove" })
    t:equal(why, "remove needs the name of a voxel")
  end,

  ["a space is full at some time"] = function(t)
    local a = t:room { knobs = { most = 3 } }:join()
    for x = 1, 3 do t:ok(add(a, x, 0, 0)) end
    local _, why = add(a, 4, 0, 0)
    t:equal(why, "the space is full")
    t:ok(add(a, 3, 0, 0), "what is there already may be painted over")
  end,

  ["what a limit refused is not counted"] = function(t)
    local a = t:room { knobs = { most = 3 }, limits = { stream_bytes = 2000 } }:join()
    t:ok(add(a, 1, 0, 0))
    local action = { type = "add", voxel = { position = eddy.array { 2, 0, 0 } } }
    local _, why = a:push("voxels", { apply = action, i = ("x"):rep(3000) }, "append")
    t:ok(why:find("limits.stream_bytes", 1, true), why)
    for x = 2, 3 do t:ok(add(a, x, 0, 0)) end
    _, why = add(a, 4, 0, 0)
    t:equal(why, "the space is full")
  end,

  ["a large space is folded within the budget"] = function(t)
    local room = t:room()
    local a = room:join()
    for i = 0, 3999 do t:ok(add(a, i % 100, math.floor(i / 100), 0), "voxel " .. i) end
    t:ok(#room:retained("voxels") < 30)
    t:equal(room:failure(), nil)
  end,

  ["who is where is shown to newcomers"] = function(t)
    local room = t:room()
    room:join():push("users", { client = "a", value = { position = eddy.null, color = "red" } })
    local newcomer = room:join()
    newcomer:get("users")
    t:equal(newcomer:last().data[1].value, { client = "a", value = { position = eddy.null, color = "red" } })
  end,
}
