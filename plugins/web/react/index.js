// React hooks for rooms, by the names of driftdb-react. README.md has what each option does; index.d.ts the types.
/** @import { Room } from 'eddy-client' */
/** @import {
 *   HookOptions, RoomProviderProps, RoomQRCodeProps, StatusIndicatorProps, UseLatencyOptions, UsePresenceOptions,
 *   UseSharedReducerOptions, UseSharedStateOptions
 * } from './index.js' */
import { Connection, Presence, SharedReducer, SharedState, createRoom, joinRoom, uniqueClientId } from 'eddy-client';
import {
  createContext,
  createElement,
  useCallback,
  useContext,
  useEffect,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react';

const ROOM_PARAM = '_driftdb_room';

/**
 * What is made once for these `deps`, and anew when one of them is another.
 * @template T
 * @param {() => T} make must have no effect but the value: React may throw a render away
 * @param {unknown[]} deps
 * @returns {T}
 */
function useKept(make, deps) {
  const ref = useRef(/** @type {{ deps: unknown[], value: T } | null} */ (null));
  const { current } = ref;
  if (current && deps.every((dep, at) => Object.is(dep, current.deps[at]))) return current.value;
  const value = make();
  ref.current = { deps, value };
  return value;
}

/** @type {import('react').Context<Connection | null>} */
export const DatabaseContext = createContext(/** @type {Connection | null} */ (null));

/**
 * Where the room is: the one that is named, or the one in the page's address, or a new one, which then goes there.
 * @param {RoomProviderProps} props
 * @param {() => Connection} connection
 */
function roomOf({ api = '', room: named, create, param = ROOM_PARAM }, connection) {
  let id = named;
  /** @type {Room | undefined} */
  let room;
  /** @type {Promise<Room> | undefined} */
  let looking; // so that nobody makes a second one meanwhile
  const look = async () => {
    if (room && connection().status.reason !== 'unreachable') return room; // else it may be gone
    const url = new URL(globalThis.location.href);
    id ??= (param && url.searchParams.get(param)) || undefined;
    room = await (id ? joinRoom(api, id) : createRoom(api, create));
    id = room.room;
    if (!named && param) {
      url.searchParams.set(param, id);
      globalThis.history.replaceState(globalThis.history.state, '', url);
    }
    return room;
  };
  return () => (looking ??= look().finally(() => (looking = undefined)));
}

/**
 * Connections that are to be closed, unless their provider comes back at once, as in StrictMode.
 * @type {WeakMap<Connection, any>}
 */
const closing = new WeakMap();

/** @param {RoomProviderProps} props */
export function RoomProvider(props) {
  const { api, room, useBinary, connection, options, children } = props;
  const db = useKept(() => {
    if (connection) return connection;
    /** @type {Connection} */
    const own = new Connection(
      roomOf(props, () => own),
      { cbor: useBinary, ...options },
    );
    return own;
  }, [api, room, useBinary, connection]);
  useEffect(() => {
    if (connection) return; // whoever made it opens and closes it
    clearTimeout(closing.get(db));
    db.open();
    return () =>
      void closing.set(
        db,
        setTimeout(() => db.disconnect()),
      );
  }, [db, connection]);
  return createElement(DatabaseContext.Provider, { value: db }, children);
}

/** The name that driftdb-react has. */
export const DriftDBProvider = RoomProvider;

/** @param {HookOptions} [options] */
export function useDatabase({ connection } = {}) {
  const provided = useContext(DatabaseContext);
  const db = connection ?? provided;
  if (!db) throw new Error('there is no RoomProvider around this component');
  return db;
}

/**
 * @template T
 * @param {string} key
 * @param {T} initialValue
 * @param {UseSharedStateOptions} [options]
 * @returns {[T, SharedState<T>['set']]}
 */
export function useSharedState(key, initialValue, options) {
  const db = useDatabase(options);
  /** @type {SharedState<T>} */
  const shared = useKept(() => new SharedState(db, key, { ...options, initial: initialValue }), [db, key]);
  return [useSyncExternalStore(shared.subscribe, shared.get, shared.get), shared.set];
}

/**
 * @template S, A
 * @param {string} key
 * @param {(state: S, action: A) => S} reducer
 * @param {any} initialValue
 * @param {((initialValue: any) => S) | UseSharedReducerOptions} [init] or the options
 * @param {UseSharedReducerOptions} [options]
 * @returns {[S, SharedReducer<S, A>['dispatch']]}
 */
export function useSharedReducer(key, reducer, initialValue, init, options) {
  const more = typeof init === 'object' ? init : options;
  const db = useDatabase(more);
  /** @type {SharedReducer<S, A>} */
  const shared = useKept(() => {
    const initial = typeof init === 'function' ? init(initialValue) : initialValue;
    return new SharedReducer(db, key, { ...more, reducer, initial });
  }, [db, key]);
  useEffect(() => {
    shared.options = { ...shared.options, reducer };
  }, [shared, reducer]);
  return [useSyncExternalStore(shared.subscribe, shared.get, shared.get), shared.dispatch];
}

/**
 * @template T
 * @param {string} key
 * @param {T} value what the others see of this page
 * @param {UsePresenceOptions} [options]
 * @returns {import('eddy-client').Peers<T>}
 */
export function usePresence(key, value, options) {
  const db = useDatabase(options);
  const clientId = options?.clientId;
  /** @type {Presence<T>} */
  const presence = useKept(() => new Presence(db, { ...options, key, value }), [db, key, clientId]);
  useEffect(() => presence.set(value));
  return useSyncExternalStore(presence.subscribe, presence.get, presence.get);
}

/** @param {HookOptions} [options] */
export function useConnectionStatus(options) {
  const db = useDatabase(options);
  const subscribe = useCallback(
    (/** @type {() => void} */ changed) => {
      const off = db.statusListener.addListener(changed);
      return () => void off();
    },
    [db],
  );
  const get = () => db.status;
  return useSyncExternalStore(subscribe, get, get);
}

/**
 * How long the room takes to answer, in ms; null before the first answer, and where there is none.
 * @param {UseLatencyOptions} [options]
 */
export function useLatency(options = {}) {
  const { interval = 5000, timeout } = options;
  const db = useDatabase(options);
  const { connected } = useConnectionStatus(options);
  const [latency, setLatency] = useState(/** @type {number | null} */ (null));
  useEffect(() => {
    let over = false;
    const measure = async () => {
      const ms = await db.testLatency(timeout);
      if (!over) setLatency(ms);
    };
    measure();
    const timer = setInterval(measure, interval);
    return () => {
      over = true;
      clearInterval(timer);
    };
  }, [db, connected, interval, timeout]);
  return latency;
}

/** Who is connected, by member id; of eddy.v1. @param {HookOptions} [options] */
export function useMembers(options) {
  const db = useDatabase(options);
  const subscribe = useCallback((/** @type {() => void} */ changed) => db.onMembers(changed), [db]);
  const get = () => db.members;
  return useSyncExternalStore(subscribe, get, get);
}

/**
 * An id of this tab, the same after a reload of it.
 * @param {{ storageKey?: string }} [options]
 * @returns {string}
 */
export function useUniqueClientId({ storageKey } = {}) {
  const id = useKept(() => (typeof window === 'undefined' ? null : uniqueClientId(storageKey)), [storageKey]);
  return /** @type {string} */ (id); // null where a page is rendered on a server, as in driftdb-react
}

/** @param {StatusIndicatorProps} props */
export function StatusIndicator({ label = 'Room status:', style, ...options }) {
  const { connected, state, reason, debugUrl } = useConnectionStatus(options);
  const latency = useLatency(options);
  const grey = { color: '#767676', textDecoration: 'none', fontSize: '70%' };
  return createElement(
    'div',
    {
      role: 'status',
      title: reason ? `${state}: ${reason}` : state,
      style: {
        display: 'inline-block',
        border: '1px solid #ccc',
        background: '#eee',
        color: '#222',
        borderRadius: 10,
        padding: 10,
        ...style,
      },
    },
    label,
    ' ',
    createElement(
      'span',
      { style: { color: connected ? 'green' : '#c00', fontWeight: 'bold' } },
      connected ? 'Connected' : 'Disconnected',
    ),
    connected &&
      createElement(
        'span',
        { style: grey },
        ' ',
        createElement('a', { href: debugUrl, target: '_blank', rel: 'noreferrer', style: grey }, '(ui)'),
        ` (${latency === null ? '...' : Math.round(latency)} ms)`,
      ),
  );
}

/** @param {RoomQRCodeProps} props */
export function RoomQRCode({ service, url, connection, ...more }) {
  const db = useDatabase({ connection });
  useConnectionStatus({ connection }); // the page's address has the room by then
  if (!db.url) return null;
  const own = db.url.replace(/^ws/, 'http').replace(/(\/db\/[^/]+)?\/room\/[^/]+\/connect(\?.*)?$/, '/qrcode');
  const from = service ?? own;
  const page = url ?? globalThis.location.href;
  return createElement('img', { alt: page, ...more, src: `${from}?url=${encodeURIComponent(page)}` });
}
