-- ends: error
-- Everything that must not be there.
local names = {
  load = load, loadstring = loadstring, loadfile = loadfile, dofile = dofile, module = module, package = package,
  io = io, os = os, debug = debug, jit = jit, ffi = ffi, collectgarbage = collectgarbage, gcinfo = gcinfo,
  newproxy = newproxy, getfenv = getfenv, setfenv = setfenv, rawset = rawset, coroutine = coroutine, dump = string.dump,
  randomseed = math.randomseed, buffer = string.buffer, foreach = table.foreach, new = table.new, print = print,
}
local found = next(names)
if found then return "escaped: " .. found end
loadstring("return 1")
