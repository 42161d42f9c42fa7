// Everything that a page may import: see README.md, and index.d.ts for the types.
export { Connection, connect } from './connection.js';
export { debounce } from './debounce.js';
export { Presence, uniqueClientId } from './presence.js';
export { SharedReducer } from './reducer.js';
export { createRoom, joinRoom, sendHttp } from './rooms.js';
export { SharedState } from './state.js';
export { EddyError } from './util.js';
