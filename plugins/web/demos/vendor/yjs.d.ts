// What the demo uses of yjs; all of it: https://docs.yjs.dev.
export class Text {
  readonly length: number;
  insert(index: number, text: string): void;
  delete(index: number, length: number): void;
  toString(): string;
  observe(listener: (event: unknown, transaction: { origin: unknown }) => void): void;
}
export class Doc {
  getText(name?: string): Text;
  transact(change: () => void, origin?: unknown): void;
  on(name: 'update', listener: (update: Uint8Array, origin: unknown) => void): void;
  destroy(): void;
}
export class UndoManager {
  constructor(type: Text, options?: { trackedOrigins?: Set<unknown> });
  undo(): unknown;
  redo(): unknown;
}
export interface RelativePosition {
  assoc: number;
}
export function applyUpdate(doc: Doc, update: Uint8Array, origin?: unknown): void;
export function encodeStateAsUpdate(doc: Doc, since?: Uint8Array): Uint8Array;
export function encodeStateVector(doc: Doc): Uint8Array;
export function mergeUpdates(updates: Uint8Array[]): Uint8Array;
export function createRelativePositionFromTypeIndex(type: Text, index: number): RelativePosition;
export function createRelativePositionFromJSON(json: unknown): RelativePosition;
export function createAbsolutePositionFromRelativePosition(
  position: RelativePosition,
  doc: Doc,
): { index: number } | null;
