// A page that shows what its worker says.
const { kind } = Object.fromEntries(new URLSearchParams(location.search));
const script = `/worker.js${location.search}`;
const channel = new BroadcastChannel('worker');
channel.onmessage = ({ data }) => (document.body.textContent = data);

if (kind === 'dedicated') globalThis.worker = new Worker(script, { type: 'module' });
if (kind === 'shared') globalThis.worker = new SharedWorker(script, { type: 'module' });
if (kind === 'service') await navigator.serviceWorker.register(script, { type: 'module' });
channel.postMessage('hello');
