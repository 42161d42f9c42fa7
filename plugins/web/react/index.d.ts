// The types of eddy-react. What each knob does, its default, and what driftdb-react has there: README.md.
import type {
  Connection,
  ConnectionOptions,
  Peers,
  PresenceOptions,
  RoomOptions,
  SharedReducerOptions,
  SharedStateOptions,
  Status,
} from 'eddy-client';
import type { Context, CSSProperties, ImgHTMLAttributes, ReactElement, ReactNode } from 'react';

export interface RoomProviderProps {
  children?: ReactNode;
  /** The base URL of the API: http://HOST, or http://HOST/db/NAME for a namespace. */
  api?: string;
  /** The room's id; where not given, the one in the page's address, or a new one, which is then put there. */
  room?: string;
  /** Binary messages, which carry typed arrays; needs the package cbor-x, or `options.cbor`. */
  useBinary?: boolean;
  /** The parameter of the page's address that has the room; null: none. */
  param?: string | null;
  /** What a room that is made is to be: `{ policy: 'NAME' }`. */
  create?: RoomOptions;
  /** Knobs of the connection; what they are at first counts. */
  options?: ConnectionOptions;
  /** A connection that was made elsewhere, and is opened and closed there; then `api` and the like are not needed. */
  connection?: Connection;
}

export function RoomProvider(props: RoomProviderProps): ReactElement;
export const DriftDBProvider: typeof RoomProvider;
export const DatabaseContext: Context<Connection | null>;

export interface HookOptions {
  /** Another connection than the provider's. */
  connection?: Connection;
}

export type UseSharedStateOptions = HookOptions & Omit<SharedStateOptions<unknown>, 'initial'>;
export type UseSharedReducerOptions = HookOptions & Omit<SharedReducerOptions<unknown, unknown>, 'initial' | 'reducer'>;
export type UsePresenceOptions = HookOptions & Omit<PresenceOptions<unknown>, 'key' | 'value'>;
export interface UseLatencyOptions extends HookOptions {
  /** In ms; 5000. */
  interval?: number;
  /** In ms; as the connection's. */
  timeout?: number;
}

export function useDatabase(options?: HookOptions): Connection;

export type SetterFunction<T> = (value: T | ((value: T) => T)) => void;
export function useSharedState<T>(
  key: string,
  initialValue: T,
  options?: UseSharedStateOptions,
): [T, SetterFunction<T>];

export type Dispatch<A> = (action: A) => Promise<number | null | undefined>;
export function useSharedReducer<S, A>(
  key: string,
  reducer: (state: S, action: A) => S,
  initialValue: S,
  options?: UseSharedReducerOptions,
): [S, Dispatch<A>];
export function useSharedReducer<S, A, I>(
  key: string,
  reducer: (state: S, action: A) => S,
  initialValue: I,
  init: (initialValue: I) => S,
  options?: UseSharedReducerOptions,
): [S, Dispatch<A>];

export function usePresence<T>(key: string, value: T, options?: UsePresenceOptions): Peers<T>;
export function useConnectionStatus(options?: HookOptions): Status;
export function useLatency(options?: UseLatencyOptions): number | null;
export function useMembers(options?: HookOptions): number[];
export function useUniqueClientId(options?: { storageKey?: string }): string;

export interface StatusIndicatorProps extends UseLatencyOptions {
  label?: ReactNode;
  style?: CSSProperties;
}
export function StatusIndicator(props: StatusIndicatorProps): ReactElement;

export interface RoomQRCodeProps extends HookOptions, Omit<ImgHTMLAttributes<HTMLImageElement>, 'src'> {
  /** Which answers `SERVICE?url=` with a picture; the server's own /qrcode. */
  service?: string;
  /** What it leads to; this page. */
  url?: string;
}
export function RoomQRCode(props: RoomQRCodeProps): ReactElement | null;
