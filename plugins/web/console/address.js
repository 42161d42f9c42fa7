// Where things are: what ?url= and people give as a room, and what is made of it.

const PATH = /^(.*?)(?:\/db\/([^/]+))?\/room\/([^/]+?)(?:\/(?:connect|send))?\/*$/;

/** Where the daemon is that this page came from, or another that ?api= names. */
export function apiOf(location) {
  const given = new URL(location).searchParams.get('api');
  const api = new URL(given || '../', location);
  if (!api.pathname.endsWith('/')) api.pathname += '/';
  api.search = api.hash = '';
  return api.href;
}

/**
 * A room: by its socket URL (with ?cbor=true, once or more; below /db/NAME, or a proxy's prefix), by its other URLs, by
 * NAMESPACE/ID, or by its ID alone. { name, id, space, http, socket, base, cbor }, or null.
 */
export function roomOf(text, api) {
  text = text.trim();
  if (!text) return null;
  const short = /^(?:([\w-]{1,64})\/)?([\w-]{1,128})$/.exec(text);
  if (short) {
    const space = short[1] && short[1] !== 'default' ? `db/${short[1]}/` : '';
    return roomOf(new URL(`${space}room/${short[2]}`, api).href, api);
  }
  let url;
  try {
    url = new URL(text);
  } catch {
    return null;
  }
  // A published client of DriftDB asks again with what it has, so one may be behind the other: ?cbor=true?cbor=true.
  const console = url.searchParams.get('url');
  if (console && /\/console\/?$/.test(url.pathname)) return roomOf(console, api);
  const found = PATH.exec(url.pathname);
  if (!found || !/^(ws|http)s?:$/.test(url.protocol)) return null;
  const [, prefix, space = 'default', id] = found;
  const secure = url.protocol === 'wss:' || url.protocol === 'https:';
  const path = `${prefix}${found[2] ? `/db/${space}` : ''}/room/${id}`;
  const at = `${secure ? 's' : ''}://${url.host}`;
  return {
    id: decoded(id),
    space: decoded(space),
    name: `${decoded(space)}/${decoded(id)}`,
    socket: `ws${at}${path}/connect`,
    http: `http${at}${path}`,
    base: `http${at}${prefix}/`,
    cbor: /cbor=true/.test(url.search),
  };
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
