// The types of eddy-client. What each knob does, its default, and what the published client has there: README.md.

/** A room as the HTTP interface names it. */
export interface Room {
  room: string;
  socket_url: string;
  http_url: string;
}

export interface HttpOptions {
  /** In ms, 10000. */
  timeout?: number;
}

/** What `POST /new` takes. */
export interface RoomOptions {
  policy?: string;
  [option: string]: unknown;
}

export function createRoom(api: string, options?: RoomOptions, how?: HttpOptions): Promise<Room>;
export function joinRoom(api: string, id: string, options?: HttpOptions): Promise<Room>;
export function sendHttp(
  httpUrl: string,
  message: MessageToRoom,
  options?: HttpOptions,
): Promise<MessageFromRoom | null>;

/** Where to connect to; a function is asked before each attempt, and what it throws with a `status` of 4xx is final. */
export type Source = string | { socket_url: string } | (() => SourceFound | Promise<SourceFound>);
export type SourceFound = string | { socket_url: string };

/** Such as the package cbor-x. */
export interface Codec {
  encode(value: unknown): Uint8Array;
  decode(bytes: Uint8Array): any;
}

export interface ReconnectOptions {
  /** The first wait, in ms. */
  min?: number;
  /** The longest wait, in ms. */
  max?: number;
  factor?: number;
  /** Which part of a wait is random: 0 to 1. */
  jitter?: number;
  /** After so many in a row it is given up. */
  attempts?: number;
  /** A connection that lasted so long, in ms, was a good one: waits begin with `min` again. */
  stable?: number;
}

export interface HeartbeatOptions {
  /** Silent for so long, in ms: a ping. */
  interval?: number;
  /** And silent for so long then: the connection is given up. */
  timeout?: number;
}

export interface QueueOptions {
  /** So many pushes wait for a connection; and so many actions of each reducer for the room. */
  max?: number;
  /** Which one goes when there are more: it is rejected with `queue_full`. */
  drop?: 'newest' | 'oldest';
  /** So many bytes may wait in the socket; pushes beyond wait here. */
  buffered?: number;
}

export interface ConnectionOptions {
  /** Where there is no global one, or another is wanted: that of the package `ws`, say. */
  WebSocket?: any;
  /** Binary messages: a codec, or true to import cbor-x. */
  cbor?: boolean | Codec;
  /** Whether eddy.v1 is offered to the server. */
  protocol?: 'auto' | 'plain';
  /** How long connecting, a `get` and a ping may take, in ms. */
  timeout?: number;
  reconnect?: ReconnectOptions | false;
  heartbeat?: HeartbeatOptions | false;
  queue?: QueueOptions;
}

export type Reason =
  /** There was no connection at all; or the WebSocket's handshake was refused. */
  | 'unreachable'
  /** The handshake took too long. */
  | 'timeout'
  /** What was to say where to connect to failed, or the URL is none. */
  | 'refused'
  /** The connection broke. */
  | 'lost'
  /** Nothing was heard, and no ping was answered. */
  | 'silent'
  /** The server closed it: see `code` and `message`. */
  | 'closed'
  /** The server closed it after saying when to come back. */
  | 'draining'
  /** By disconnect(). */
  | 'disconnected';

export interface Status {
  connected: boolean;
  state: 'idle' | 'connecting' | 'connected' | 'waiting' | 'closed';
  /** Why it is not connected. */
  reason?: Reason;
  /** Of the WebSocket's close, or an HTTP status. */
  code?: number;
  message?: string;
  /** While waiting: ms to the next attempt, from when it was told. */
  retryIn?: number;
  protocol?: 'eddy.v1' | 'plain';
  /** A page that shows this room. */
  debugUrl?: string;
}

export interface Item<T = unknown> {
  seq: number;
  value: T;
}

export type Action = { type: 'relay' | 'append' | 'replace' } | { type: 'compact'; seq: number };
export type PushAction = 'relay' | 'append' | 'replace' | Action;

export interface PushOptions {
  /** Whether an answer is waited for; true. */
  ack?: boolean;
  /** Whether it waits where there is no connection; true. */
  queue?: boolean;
}

export interface SubscribeOptions {
  /** Only what the key retains behind this number; 0. */
  since?: number;
  /** How much the room retains of the key, after a push of one's own. */
  size?: (size: number) => void;
  /**
   * All that the key retains: at the beginning, and wherever what was missed could not be had: forget what was there
   * before. Without it, the listener gets of that what it has not had.
   */
  reset?: (items: Item<any>[]) => void;
  /**
   * Whether it is in step with the room: true after the beginning and after each reconnect, false when the connection
   * goes.
   */
  sync?: (live: boolean) => void;
}

export type MessageToRoom =
  | { type: 'push'; key: string; action: Action; value: unknown }
  | { type: 'get'; key: string; seq?: number }
  | { type: 'ping'; nonce?: number }
  | { type: 'unsubscribe'; key: string }
  | { type: 'members'; subscribe?: boolean }
  | { type: 'resume'; epoch: string; seq: number; keys: string[] };

export type MessageFromRoom =
  | { type: 'push'; key: string; value: any; seq: number }
  | { type: 'init'; key: string; data: Item<any>[] }
  | { type: 'stream_size'; key: string; size: number }
  | { type: 'pong'; nonce?: number | null }
  | { type: 'error'; message: string; code?: string; id?: number | string }
  | { type: 'hello'; protocol: 'eddy.v1'; member: number; epoch: string; seq: number }
  | { type: 'ack'; id: number | string; seq: number | null }
  | { type: 'resumed'; epoch: string; seq: number; keys: { key: string; recovered: boolean; data: Item<any>[] }[] }
  | { type: 'members'; members: number[] }
  | { type: 'join' | 'leave'; member: number }
  | { type: 'reconnect'; delay_ms: number; spread_ms: number };

export interface MembersEvent {
  /** `members`: all of them, at the beginning and after a reconnect. */
  type: 'members' | 'join' | 'leave';
  /** Who came or went. */
  member?: number;
  /** Who is there now. */
  members: number[];
}

export class EddyError extends Error {
  constructor(code: string, message?: string, status?: number);
  /** The server's, under eddy.v1; or `connection_lost`, `queue_full`, ...: see README.md. */
  code: string;
  /** Of HTTP. */
  status?: number;
}

export interface Signal<T> {
  addListener(listener: (event: T) => void): () => void;
  removeListener(listener: (event: T) => void): void;
}

export class Connection {
  /** Does not connect before `open`. */
  constructor(source: Source, options?: ConnectionOptions);
  /** With all defaults. */
  readonly options: ConnectionOptions & { queue: Required<QueueOptions> };
  readonly status: Status;
  readonly statusListener: Signal<Status>;
  /** All that comes. */
  readonly messageListener: Signal<MessageFromRoom>;
  /** Errors that belong to no call. Where nobody listens they are told on the console. */
  readonly errorListener: Signal<EddyError>;
  readonly url: string;
  /** Whether the server speaks eddy.v1. */
  readonly v1: boolean;
  /** This connection's id in the room; of eddy.v1. */
  readonly member: number | undefined;
  readonly members: number[];
  /** Resolves when the connection is open; rejects when it is closed for good instead. */
  readonly ready: Promise<void>;

  open(): Promise<void>;
  disconnect(): void;
  reconnect(): void;

  subscribe<T = any>(
    key: string,
    listener: (item: Item<T>) => void,
    options?: SubscribeOptions | ((size: number) => void),
  ): () => void;
  unsubscribe(key: string, listener: (item: Item<any>) => void): void;
  get<T = any>(key: string, since?: number): Promise<Item<T>[]>;
  push(key: string, value: unknown, action?: PushAction, options?: PushOptions): Promise<number | null | undefined>;
  send(message: MessageToRoom): Promise<unknown> | boolean;
  testLatency(timeout?: number): Promise<number | null>;
  onMembers(listener: (event: MembersEvent) => void): () => void;

  /** Tells an error as if it had come from the room without belonging to a call. */
  fail(error: EddyError): void;
}

export function connect(source: Source, options?: ConnectionOptions): Connection;

export interface DebounceOptions {
  /** In ms. */
  wait?: number;
  /** Whether the first goes through at once. */
  leading?: boolean;
  /** Whether the last goes through in the end. */
  trailing?: boolean;
  /** The longest that anything is held back, in ms; `wait` where not given. */
  maxWait?: number;
}

export function debounce(
  run: () => void,
  options?: DebounceOptions | number | false,
): { call(): void; flush(): void; cancel(): void };

/** A value that changes; works while it has subscribers. */
export interface Store<T> {
  readonly value: T;
  get: () => T;
  subscribe: (listener: (value: T) => void) => () => void;
}

export interface SharedStateOptions<T> {
  /** Where the room has none. */
  initial: T;
  debounce?: DebounceOptions | number | false;
  /** A value that the room took and did not send back is taken back after so long, in ms; 1000. */
  settle?: number;
}

export class SharedState<T> implements Store<T> {
  constructor(connection: Connection, key: string, options: SharedStateOptions<T>);
  readonly value: T;
  get: () => T;
  subscribe: (listener: (value: T) => void) => () => void;
  set: (value: T | ((value: T) => T)) => void;
  flush(): void;
}

export interface SharedReducerOptions<S, A> {
  initial: S;
  /** The state after the action, a new one: it must not change the one that it is given (else see `clone`). */
  reducer: (state: S, action: A) => S;
  /** Beyond so many messages that the room retains they become one; false: never; 30. */
  compact?: number | false;
  /** For reducers that change the state they are given: `structuredClone`. */
  clone?: (<T>(state: T) => T) | false;
}

export class SharedReducer<S, A> implements Store<S> {
  constructor(connection: Connection, key: string, options: SharedReducerOptions<S, A>);
  readonly value: S;
  /** May be changed as it goes. */
  options: SharedReducerOptions<S, A>;
  /** Whether the room has heard all that is shown. */
  readonly settled: boolean;
  get: () => S;
  subscribe: (listener: (value: S) => void) => () => void;
  dispatch: (action: A) => Promise<number | null | undefined>;
}

export interface Peer<T> {
  value: T;
  lastSeen: number;
}
/** By client id. */
export type Peers<T> = Record<string, Peer<T>>;

export interface PresenceOptions<T> {
  /** "__presence". */
  key?: string;
  /** uniqueClientId() where not given. */
  clientId?: string;
  /** What the others see of this page; undefined: it only looks on. */
  value?: T;
  /** So often it is said again, in ms; 1000. */
  interval?: number;
  /** Who says nothing for so long is gone, in ms; 5000. */
  timeout?: number;
  /** And so long after its connection went, in ms; of eddy.v1; false: members are not asked for; 2000. */
  grace?: number | false;
  /** How often a changing value is sent. */
  debounce?: DebounceOptions | number | false;
  /** Whether subscribers are called for a value that is said again, for its `lastSeen`; false. */
  heartbeats?: boolean;
  /** Whether a goodbye (a value of null) is said in the end; stock pages may not expect it; false. */
  farewell?: boolean;
  /** Whether two values are the same; by their JSON. */
  equal?: (one: unknown, other: unknown) => boolean;
}

export class Presence<T> implements Store<Peers<T>> {
  constructor(connection: Connection, options?: PresenceOptions<T>);
  readonly value: Peers<T>;
  readonly clientId: string;
  get: () => Peers<T>;
  subscribe: (listener: (peers: Peers<T>) => void) => () => void;
  set: (value: T | undefined) => void;
}

export function uniqueClientId(key?: string): string;
