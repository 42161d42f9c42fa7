// One page that uses all that driftdb-react has. ?api=URL and, for binary messages, &binary=true.
import {
  DatabaseContext,
  DriftDBProvider,
  RoomQRCode,
  StatusIndicator,
  useConnectionStatus,
  useDatabase,
  useLatency,
  usePresence,
  useSharedReducer,
  useSharedState,
  useUniqueClientId,
} from 'driftdb-react';
import { createElement as h, useContext } from 'react';
import { createRoot } from 'react-dom/client';

const query = new URLSearchParams(location.search);
const name = query.get('name');

function bank(account, { deposit, note }) {
  return { sum: account.sum + deposit, notes: note ? [...account.notes, note] : account.notes };
}

const show = (value) =>
  value instanceof Uint8Array ? `bytes ${Array.from(value)}` : value === undefined ? 'undefined' : JSON.stringify(value);

function Page() {
  const db = useDatabase();
  const [title, setTitle] = useSharedState('title', 'none');
  const [clicks, setClicks] = useSharedState('clicks', 0);
  const [account, dispatch] = useSharedReducer('account', bank, { sum: 0, notes: [] });
  const [tally, add] = useSharedReducer('tally', (sum, n) => sum + n, 10, (from) => from * 10);
  const peers = usePresence('__presence', { name, clicks });
  const status = useConnectionStatus();
  const latency = useLatency();
  const id = useUniqueClientId();
  Object.assign(window, { setTitle, setClicks, dispatch, add });
  const rows = {
    title: show(title),
    clicks,
    account: show(account),
    tally,
    peers: Object.values(peers)
      .map(({ value }) => `${value.name} ${value.clicks}`)
      .sort()
      .join(),
    connected: String(status.connected),
    debug: status.debugUrl ?? '',
    latency: latency === null ? '' : String(latency),
    id,
    same: String(useContext(DatabaseContext) === db && db.status.connected === status.connected),
  };
  return [
    ...Object.entries(rows).map(([row, text]) => h('p', { key: row, id: row }, text)),
    h('div', { key: 'status', id: 'status' }, h(StatusIndicator)),
    h('div', { key: 'code', id: 'code' }, h(RoomQRCode)),
  ];
}

const props = { api: query.get('api'), useBinary: query.has('binary') };
createRoot(document.getElementById('root')).render(h(DriftDBProvider, props, h(Page)));
