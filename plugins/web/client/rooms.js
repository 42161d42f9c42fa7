// Rooms by the HTTP interface. The base URL of an API says which namespace: http://HOST or http://HOST/db/NAME.
/** @import { HttpOptions, Room, RoomOptions } from './index.js' */
import { EddyError } from './util.js';

/**
 * @param {string} url
 * @param {HttpOptions} options
 * @param {RequestInit} init
 * @returns {Promise<any>}
 */
async function call(url, { timeout = 10000 }, init) {
  const answer = await fetch(url, { ...init, signal: AbortSignal.timeout(timeout) });
  const body = await answer.json().catch(() => null);
  if (!answer.ok) throw new EddyError('http', body?.error ?? `HTTP ${answer.status}`, answer.status);
  return body;
}

/** @param {object} [body] */
const post = (body) => ({
  method: 'POST',
  ...(body && { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
});
/** @param {string} api */
const root = (api) => api.replace(/\/*$/, '/');

/**
 * Makes a room.
 * @param {string} api
 * @param {RoomOptions} [options] what it is to be
 * @param {HttpOptions} [how]
 * @returns {Promise<Room>}
 */
export const createRoom = (api, options, how = {}) => call(`${root(api)}new`, how, post(options));

/**
 * Looks a room up; an EddyError of status 404 where there is none such.
 * @param {string} api
 * @param {string} id
 * @param {HttpOptions} [options]
 * @returns {Promise<Room>}
 */
export const joinRoom = (api, id, options = {}) => call(`${root(api)}room/${encodeURIComponent(id)}`, options, {});

/**
 * One message without a connection, to a room's `http_url`; the one answer, null where there is none.
 * @param {string} httpUrl
 * @param {object} message
 * @param {HttpOptions} [options]
 */
export const sendHttp = (httpUrl, message, options = {}) => call(httpUrl, options, post(message));
