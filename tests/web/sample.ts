// Uses all that the packages export, as a page would; it is only compiled.
import {
  Connection,
  EddyError,
  Presence,
  SharedReducer,
  SharedState,
  connect,
  createRoom,
  debounce,
  joinRoom,
  sendHttp,
  uniqueClientId,
  type Codec,
  type ConnectionOptions,
  type Item,
  type MembersEvent,
  type MessageFromRoom,
  type Peers,
  type Room,
  type Status,
} from 'eddy-client';
import * as cborX from 'cbor-x';
import {
  DatabaseContext,
  DriftDBProvider,
  RoomProvider,
  RoomQRCode,
  StatusIndicator,
  useConnectionStatus,
  useDatabase,
  useLatency,
  useMembers,
  usePresence,
  useSharedReducer,
  useSharedState,
  useUniqueClientId,
} from 'eddy-react';
import { createElement, useContext, type ReactElement } from 'react';

type Shape = { x: number; y: number };
type Board = Record<string, Shape>;
type Move = { type: 'put'; id: string; shape: Shape } | { type: 'erase'; id: string };
const step = (board: Board, move: Move): Board =>
  move.type === 'put'
    ? { ...board, [move.id]: move.shape }
    : Object.fromEntries(Object.entries(board).filter(([id]) => id !== move.id));

const codec: Codec = cborX;
const options: ConnectionOptions = {
  WebSocket: class {},
  cbor: codec,
  protocol: 'auto',
  timeout: 5000,
  reconnect: { min: 100, max: 1000, factor: 2, jitter: 1, attempts: 3, stable: 1000 },
  heartbeat: { interval: 1000, timeout: 1000 },
  queue: { max: 10, drop: 'oldest', buffered: 1000 },
};

export async function page(): Promise<void> {
  const room: Room = await createRoom(
    'http://localhost:8080/db/whiteboard',
    { policy: 'whiteboard' },
    { timeout: 1000 },
  );
  await joinRoom('http://localhost:8080', room.room, { timeout: 1000 });
  const answer: MessageFromRoom | null = await sendHttp(room.http_url, { type: 'get', key: 'k', seq: 0 });
  if (answer?.type === 'init') answer.data.map(({ seq }) => seq + 1);
  const connection: Connection = connect(room, options);
  connect(room.socket_url, { reconnect: false, heartbeat: false, cbor: true });
  connect(async () => joinRoom('http://localhost:8080', 'x'));
  await new Connection(() => room.socket_url).open();
  await connection.ready;
  const off: () => void = connection.statusListener.addListener(
    (status: Status) => status.connected && status.debugUrl?.length,
  );
  connection.messageListener.addListener((message) => message.type === 'push' && message.seq + 1);
  connection.errorListener.addListener((error: EddyError) => error.code.length + (error.status ?? 0));
  off();
  const { state, reason, code, message, retryIn, protocol } = connection.status;
  console.log(
    state === 'waiting',
    reason === 'draining',
    code,
    message,
    retryIn,
    protocol === 'eddy.v1',
    connection.url,
    connection.v1,
  );
  const listener = ({ seq, value }: Item<string>) => console.log(seq + 1, value.length);
  const end: () => void = connection.subscribe('log', listener, (size) => size + 1);
  connection.subscribe<string>('log', ({ value }) => value.length, {
    since: 5,
    size: (size) => size + 1,
    reset: (items) => items.length,
    sync: (live) => live === true,
  });
  connection.unsubscribe('log', listener);
  end();
  const seq: number | null | undefined = await connection.push('log', { any: 'thing' });
  await connection.push('log', 1, 'relay', { ack: false, queue: false });
  await connection.push('log', 1, { type: 'compact', seq: seq ?? 0 });
  const items: Item<string>[] = await connection.get<string>('log', 3);
  connection.send({ type: 'push', key: 'log', action: { type: 'append' }, value: items.length });
  const ms: number | null = await connection.testLatency(1000);
  connection.onMembers(({ type, member, members }: MembersEvent) =>
    console.log(type === 'join', member, members.length, ms),
  )();
  console.log(connection.member, connection.members.length, connection.options.queue.max);
  connection.reconnect();

  const title = new SharedState(connection, 'title', {
    initial: 'none',
    debounce: { wait: 20, leading: true, trailing: true, maxWait: 100 },
    settle: 500,
  });
  title.subscribe((value) => value.length)();
  title.set('x');
  title.set((before) => before + '!');
  title.flush();
  const board = new SharedReducer<Board, Move>(connection, 'board', {
    initial: {},
    reducer: step,
    compact: 50,
    clone: structuredClone,
  });
  board.subscribe((all) => all.a?.x);
  await board.dispatch({ type: 'erase', id: 'a' });
  // @ts-expect-error there is no such move
  board.dispatch({ type: 'nothing' });
  console.log(board.settled, board.value.a?.x, board.get().b);
  const cursors = new Presence<Shape>(connection, {
    key: 'cursors',
    clientId: uniqueClientId('tab'),
    value: { x: 0, y: 0 },
    interval: 1000,
    timeout: 5000,
    grace: 2000,
    debounce: 40,
    heartbeats: true,
    farewell: true,
    equal: Object.is,
  });
  cursors.set({ x: 1, y: 1 });
  cursors.set(undefined);
  const peers: Peers<Shape> = cursors.value;
  console.log(peers.ann?.value.x, peers.ann?.lastSeen);
  const { call, flush, cancel } = debounce(() => {}, 20);
  call();
  flush();
  cancel();
  connection.disconnect();
  throw new EddyError('code');
}

function Board(): ReactElement {
  const db: Connection = useDatabase();
  const [title, setTitle] = useSharedState('title', 'none', { debounce: 20, connection: db });
  const [board, dispatch] = useSharedReducer('board', step, {} as Board, { compact: false });
  const [list] = useSharedReducer(
    'list',
    (all: string[], one: string) => [...all, one],
    3,
    (n) => Array<string>(n).fill(''),
    { compact: 9 },
  );
  const peers = usePresence(
    'cursors',
    { x: 1, y: 2 },
    { interval: 500, clientId: useUniqueClientId({ storageKey: 'tab' }) },
  );
  const status = useConnectionStatus({ connection: db });
  const latency = useLatency({ interval: 1000, timeout: 500 });
  const context = useContext(DatabaseContext);
  setTitle('x');
  setTitle((before) => before + title);
  dispatch({ type: 'put', id: 'a', shape: { x: 1, y: 2 } });
  // @ts-expect-error a title is a text
  setTitle(5);
  const texts = [
    board.a?.x,
    list[0]?.length,
    peers.ann?.value.y,
    status.reason,
    latency?.toFixed(),
    context?.url,
    useMembers().length,
  ];
  return createElement('p', null, texts.join());
}

export const app = createElement(
  RoomProvider,
  { api: 'http://localhost:8080', room: 'x', useBinary: true, param: null, create: { policy: 'x' }, options },
  createElement(Board),
  createElement(StatusIndicator, { label: 'Status', style: { color: 'red' }, interval: 1000 }),
  createElement(RoomQRCode, { service: '/qr', url: 'http://x', width: 100 }),
);
export const same = createElement(DriftDBProvider, { api: 'http://localhost:8080' }, createElement(Board));
