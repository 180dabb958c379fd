// Two environments in one server, made over REST, with stock clients in both: nothing of one reaches the other, and both
// are there after a restart.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { EngineSocket } from '../support/engine.mjs';
import { dataFolder, kOwner, kPassword, Product } from '../support/product.mjs';

const kFast = { args: ['--write-rate', '1000', '--write-burst', '1000'] };

/** The raw frames of one connection, from its CONNECT on. */
async function listen(t, product, nsp, token) {
  const socket = await EngineSocket.open(product.port, '/socket.io/');
  t.after(() => socket.drop());
  socket.send(`40${nsp},${JSON.stringify({ token })}`);
  const frames = [];
  const heard = async (text) => {
    while (!frames.some((frame) => frame.includes(text))) frames.push(await socket.packet());
  };
  await heard('connected"');
  return { frames, heard };
}

/** Every event that the stock client hears, as [name, payload]. */
async function stockClient(t, product, token) {
  const client = product.clientSocket(t, token);
  const events = [];
  client.socket.onAny((...event) => events.push(event));
  await client.connected();
  await until(() => events.some(([name]) => name === 'client_connected'), 'the view');
  return { events };
}

test('a second environment is apart, can be filled from the first, and survives a restart', async (t) => {
  const data = await dataFolder();
  t.after(data.remove);
  let product = await Product.start(data.folder, kFast);
  t.after(() => product.end('SIGTERM'));
  const login = async (environment) => {
    const body = { username: kOwner, password: kPassword, environment };
    return (await product.call('POST', '/api/v1/auth/login', body, { token: null })).token;
  };
  const as = (token) => (method, path, body) => product.call(method, `/api/v1/${path}`, body, { token });

  // Every text of an environment carries its mark.
  const production = as(await login('production'));
  const web = await production('POST', 'platforms', { key: 'web', name: 'Web' });
  const chat = await production('POST', 'features', { key: 'chat', name: 'Chat' });
  const pro = await production('POST', 'packages', { key: 'pro', name: 'Pro', features: [{ feature_id: chat.id }] });
  const acme = await production('POST', 'clients', { key: 'acme', name: 'Acme', package_id: pro.id });
  assert.equal((await production('POST', 'environments', { key: 'staging' })).revision, 0);
  const copied = await production('POST', 'environments/staging/copy', { from: 'production', clients: true });
  assert.deepEqual([copied.revision, copied.counts.clients], [1, 1]);
  const staging = as(await login('staging'));
  assert.equal((await staging('GET', `features/${chat.id}`)).key, 'chat');

  const sides = {};
  for (const [name, call, mark] of [['production', production, 'pp-mark'], ['staging', staging, 'ss-mark']]) {
    const { token } = await call('POST', `clients/${acme.id}/tokens`, {});
    sides[name] = {
      name, call, mark, token,
      client: await listen(t, product, '/client', token),
      admin: await listen(t, product, '/admin', await login(name)),
      stock: await stockClient(t, product, token),
    };
  }
  for (const { call, mark } of Object.values(sides)) {
    await call('PATCH', `platforms/${web.id}`, { name: mark });
    await call('PATCH', `features/${chat.id}`, { name: mark });
    await call('POST', `features/${chat.id}/toggle`, {});
    await call('PATCH', `packages/${pro.id}`, { name: mark });
    await call('PATCH', `clients/${acme.id}`, { name: mark });
    await call('POST', 'segments', { key: mark, name: mark, rule: true });
    await call('POST', 'broadcasts/send_client_notification', { client_id: acme.id, title: mark, message: mark });
    await call('POST', 'broadcasts/send_admin_notification', { title: mark, message: mark });
    await call('POST', 'broadcasts/broadcast_config_sync', {});
    await call('POST', 'broadcasts/broadcast_system_status', { status: 'degraded', message: mark });
  }
  for (const { client, admin, stock, mark } of Object.values(sides)) {
    for (const text of ['"feature_update"', '"platform_update"', '"package_update"', '"client_notification"', '"config_sync"', '"system_status"'])
      await client.heard(text);
    await client.heard(`"message":"${mark}"`);
    await admin.heard('"admin_notification"');
    await admin.heard(`"key":"${mark}"`);
    await until(() => stock.events.some(([name, body]) => name === 'feature_update' && body.data.name === mark), 'the stock client hears it');
  }
  for (const [mine, theirs] of [['production', 'staging'], ['staging', 'production']]) {
    const { client, admin, stock } = sides[mine];
    const seen = [...client.frames, ...admin.frames, JSON.stringify(stock.events)].join('\n');
    assert.ok(!seen.includes(sides[theirs].mark), `${mine} hears of ${theirs}`);
  }
  const metrics = (await product.request('GET', '/metrics', undefined, { token: await login('staging') })).text;
  for (const name of Object.keys(sides)) assert.match(metrics, new RegExp(`^togglecast_revision\\{environment="${name}"\\} \\d+$`, 'm'));

  for (const name of Object.keys(sides))
    assert.match(metrics, new RegExp(`^togglecast_realtime_connections\\{namespace="/client",environment="${name}"\\} 2$`, 'm'));

  const before = (await production('GET', 'environments')).items;
  await product.end('SIGTERM');
  product = await Product.start(data.folder, { ...kFast, env: {} });
  assert.deepEqual((await production('GET', 'environments')).items, before);
  const back = await stockClient(t, product, sides.staging.token);
  assert.equal(back.events.find(([name]) => name === 'client_connected')[1].client.name, 'ss-mark');
});
