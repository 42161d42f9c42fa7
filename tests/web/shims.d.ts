// What cbor-x's types take from node's, so that all else is compiled as in a browser.
type Buffer = Uint8Array;
declare module 'stream' {
  class Readable {}
  class Transform {}
}
