// The core alone.
import { createClient } from '@togglecast/client';

const { url, token, flag, share, broken, skew, late } = Object.fromEntries(new URLSearchParams(location.search));
if (skew) {
  const now = Date.now;
  Date.now = () => now() + Number(skew);
}
const storage = { full: { getItem: () => null, removeItem() {}, setItem() { throw new DOMException('full', 'QuotaExceededError'); } } }[broken];
if (broken === 'forbidden') Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('no', 'SecurityError'); } });

if (broken === 'locks') navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'));
if (broken === 'channels') globalThis.BroadcastChannel = undefined;

const client = createClient({ url, ...(late ? { getToken: async () => token } : { token }), share: share !== 'no', ...(storage && { storage }) });
const show = () => (document.body.textContent = `${client.flag(flag, 'default')} ${client.status} ${client.getSnapshot().source}`);
client.subscribe(show);
show();
globalThis.client = client;
