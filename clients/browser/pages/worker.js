// The core without a page: as a dedicated, a shared or a service worker.
import { createClient } from '@togglecast/client';

const { url, token, flag } = Object.fromEntries(new URLSearchParams(self.location.search));
const channel = new BroadcastChannel('worker');
const client = createClient({ url, token });
const missing = ['window', 'document', 'localStorage'].filter((name) => !(name in globalThis)).join();
const show = () => channel.postMessage(`${self.constructor.name} without ${missing}: ${client.flag(flag, 'default')} ${client.status}`);
client.subscribe(show);
channel.onmessage = show; // somebody new looks
show();
