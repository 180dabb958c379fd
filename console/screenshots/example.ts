// What the pictures show: the example catalogue after some days of work, with clients that are connected.
import { io, type Socket } from 'socket.io-client';
import { kPassword, type Entity, type Server } from '../tests/server';

// Of an example: RFC 8410, section 10.1.
const kPublicKey = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n';

// Clients of the example catalogue that are connected while the pictures are taken.
export async function connectClients(server: Server): Promise<Socket[]> {
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?limit=20');
  const sockets: Socket[] = [];
  for (const client of items) {
    const { token } = await server.call<{ token: string }>('POST', `/api/v1/clients/${client.id}/tokens`, {});
    const socket = io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true });
    await new Promise<void>((connected, failed) => socket.on('client_connected', () => connected()).on('connect_error', failed));
    sockets.push(socket);
  }
  return sockets;
}

// What two admins did a moment ago, so that the dashboard and the activity show a day like any other.
export async function work(server: Server) {
  const grace = await server.login('grace', kPassword);
  const keyed = async (path: string, key: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}&limit=20`)).items.find((item) => item.key === key)!.id;
  const change = (token: string, method: string, target: string, body: object) => server.call(method, `/api/v1/${target}?confirm=true`, body, token);
  await change(grace, 'POST', `features/${await keyed('features', 'express-checkout')}/toggle`, { enabled: false });
  await change(server.token, 'PATCH', `platforms/${await keyed('platforms', 'kiosk')}`, { maintenance_note: 'New printers until Friday' });
  await change(grace, 'PATCH', `features/${await keyed('features', 'product-reviews')}`, { description: 'Stars and texts of buyers.' });
  await change(server.token, 'POST', `features/${await keyed('features', 'gift-cards')}/toggle`, { enabled: false });
  await change(grace, 'POST', `features/${await keyed('features', 'express-checkout')}/toggle`, { enabled: true });
  await change(grace, 'POST', `platforms/${await keyed('platforms', 'tv')}/toggle`, { enabled: false });
}

// What an installation has after a while: people, keys of machines, messages.
export async function seed(server: Server, sockets: Socket[]) {
  await fillStaging(server);
  for (const [username, role, environments] of [['ada', 'owner', {}], ['grace', 'editor', {}], ['linus', 'viewer', { staging: 'editor' }], ['support', 'none', { production: 'viewer' }]] as const)
    await server.call('POST', '/api/v1/admins', { username, role, password: kPassword, ...(Object.keys(environments).length > 0 && { environments }) });
  for (const [name, scopes, more] of [
    ['deploy pipeline', ['read', 'write:features'], { addresses: ['10.20.0.0/16', '2001:db8::/32'], expires_in: 7_776_000 }], ['metrics scraper', ['read'], { addresses: ['10.0.4.7'] }],
    ['search service', ['evaluate', 'stream'], { environment: 'staging', expires_in: 2_592_000 }],
  ] as const) {
    const { key } = await server.call<{ key: string }>('POST', '/api/v1/api-keys', { name, scopes, ...more });
    if (name === 'search service') await server.call('GET', '/api/v1/features?limit=1', undefined, key).catch(() => {});
  }
  for (const [key, name, keys, more] of [
    ['shop', 'Shop back end', { jwks: { keys: [{ kty: 'OKP', crv: 'Ed25519', kid: 'shop-2026', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }] } }, {}],
    ['sso', 'Company login', { pem: kPublicKey }, { environment: 'staging', audiences: ['flags', 'flags-preview'], client_claim: '/app/tenant', active: false }],
  ] as const)
    await server.call('POST', '/api/v1/issuers', { key, name, issuer: `https://${key}.example/`, audiences: ['flags'], environment: 'production', keys, ...more });
  sockets.forEach((socket, index) => index % 3 > 0 && socket.on('announcement', (_message, acknowledge?: () => void) => acknowledge?.()));
  await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'New terms from March', message: 'Please read and accept the new terms of service.', audience: 'clients', ack: 'client', ttl: 2_592_000 });
  const [plan] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/packages?limit=1')).items;
  await server.call('POST', '/api/v1/broadcasts/broadcast_announcement', { title: 'Exports are slow today', message: 'We are on it. Exports arrive, but later than usual.', level: 'warning', audience: { package: plan!.id }, ack: 'client' });
}

// An environment beside production, in which a few things differ.
async function fillStaging(server: Server) {
  await server.call('POST', '/api/v1/environments', { key: 'staging' });
  await server.call('POST', '/api/v1/environments/staging/copy', { from: 'production', clients: true });
  const token = await server.login('owner', kPassword, 'staging');
  const find = async (path: string, key: string) => (await server.call<{ items: Entity[] }>('GET', `/api/v1/${path}?q=${key}&limit=20`, undefined, token)).items.find((item) => item.key === key)!.id;
  await server.call('PATCH', `/api/v1/platforms/${await find('platforms', 'web')}`, { config: { theme: 'spring' } }, token);
  await server.call('PATCH', `/api/v1/segments/${await find('segments', 'large-teams')}`, { rule: { '>=': [{ var: 'client.seats' }, 25] } }, token);
  await server.call('POST', `/api/v1/features/${await find('features', 'forecasts')}/toggle`, { enabled: false }, token);
  await server.call('PATCH', `/api/v1/features/${await find('features', 'dashboards')}`, { description: 'Boards that a team shares.' }, token);
  await server.call('POST', '/api/v1/features', { key: 'smart-search', name: 'Smart search', description: 'Finds what the buyer means.' }, token);
}

const kBustle = 90_000; // ms

/** Clients come and go and features are switched, until graphs have something to show. */
export async function bustle(server: Server) {
  const { items } = await server.call<{ items: Entity[] }>('GET', '/api/v1/clients?limit=5');
  const tokens = await Promise.all(items.map(({ id }) => server.call<{ token: string }>('POST', `/api/v1/clients/${id}/tokens`, {})));
  const [feature] = (await server.call<{ items: Entity[] }>('GET', '/api/v1/features?q=product-reviews&limit=1')).items;
  const end = Date.now() + kBustle;
  for (let round = 0; Date.now() < end; ++round) {
    const sockets = tokens.slice(0, 1 + (round % tokens.length)).map(({ token }) => io(`${server.url}/client`, { auth: { token }, transports: ['websocket'], forceNew: true }));
    for (const socket of sockets) socket.on('feature_update', ({ revision, epoch }: { revision: number; epoch: number }) => socket.emit('config_ack', { revision, epoch }, () => {}));
    await server.call('POST', `/api/v1/features/${feature!.id}/toggle?confirm=true`, { enabled: round % 2 === 1 });
    await new Promise((later) => setTimeout(later, 4000 + 2000 * (round % 3)));
    for (const socket of sockets) socket.close();
  }
}
