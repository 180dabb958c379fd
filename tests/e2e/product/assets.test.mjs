// Assets of platforms and features: references in the state, bytes over the socket and over HTTP, and nobody else's.
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { until } from '../support/deadline.mjs';
import { ownKey, product } from '../support/product.mjs';

const kMiB = 2 ** 20;
const shared = product({ args: ['--write-rate', '1000', '--write-burst', '1000', '--asset-rate', String(1024 * kMiB), '--asset-burst', String(1024 * kMiB)] });
const kPng = { headers: { 'Content-Type': 'image/png' } };
const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex');
const reference = (bytes, type) => ({ asset: true, sha256: sha256(bytes), size: bytes.length, type });

/** A feature in a package of its own with one client: {feature, package, client, token}. */
async function tenant() {
  const it = shared.it;
  const feature = await it.call('POST', '/api/v1/features', { key: ownKey('feature'), name: 'Checkout' });
  const plan = await it.call('POST', '/api/v1/packages', { key: ownKey('package'), name: 'Plan', price: { amount: 1, currency: 'EUR' }, billing_period: 'month', features: [{ feature_id: feature.id }] });
  const { id, token } = await it.createClient(ownKey('client'));
  await it.call('PATCH', `/api/v1/clients/${id}`, { package_id: plan.id });
  return { feature, plan, client: id, token };
}

const put = (path, name, bytes, type = 'image/png') =>
  shared.it.call('PUT', `${path}/assets/${name}`, bytes, { headers: { 'Content-Type': type } });
const featurePath = (feature) => `/api/v1/features/${feature.id}`;
const read = (hash, token, headers = {}) => shared.it.requestOnce('GET', `/api/v1/assets/${hash}`, undefined, { token, headers });

describe('an asset of a feature', () => {
  test('is a reference in the state, and the client fetches its bytes over socket and HTTP', async (t) => {
    const { feature, token } = await tenant();
    const bytes = randomBytes(70_000);
    const changed = await put(featurePath(feature), 'logo', bytes);
    assert.deepEqual(changed.assets, { logo: reference(bytes, 'image/png') });

    for (const transports of [['websocket'], ['polling']]) {
      const socket = await shared.it.clientSocket(t, token, { transports }).connected();
      const [state] = await socket.next('client_connected');
      const logo = state.features.find(({ id }) => id === feature.id).assets.logo;
      assert.deepEqual(logo, reference(bytes, 'image/png'));

      const answer = await socket.ask('asset_get', { sha256: logo.sha256 });
      assert.deepEqual({ ...answer, bytes: null }, { sha256: logo.sha256, type: 'image/png', size: 70_000, bytes: null });
      assert.equal(answer.bytes.equals(bytes), true);
      socket.emit('asset_get', { sha256: logo.sha256 });
      const event = await socket.next('asset');
      assert.equal(event.length, 1);
      assert.equal(event[0].bytes.equals(bytes), true);
    }
    const http = await read(sha256(bytes), token);
    assert.equal(http.status, 200);
    assert.equal(http.bytes.equals(bytes), true);
    assert.equal(http.headers.get('content-type'), 'image/png');
    assert.equal(http.headers.get('content-disposition'), null);
    assert.equal(http.headers.get('etag'), `"${sha256(bytes)}"`);
    assert.equal(http.headers.get('cache-control'), 'private, max-age=31536000, immutable');
    assert.equal(http.headers.get('x-content-type-options'), 'nosniff');
    assert.equal(http.headers.get('content-security-policy'), 'sandbox');
  });

  test('does not exist for another tenant, exactly as one that nobody has', async (t) => {
    const [own, other] = [await tenant(), await tenant()];
    const bytes = randomBytes(100);
    const hash = sha256(bytes);
    const nobody = sha256(randomBytes(9));
    await put(featurePath(own.feature), 'logo', bytes);

    const socket = await shared.it.clientSocket(t, other.token).connected();
    await socket.next('client_connected');
    const refusal = async (sha) => JSON.stringify(await socket.ask('asset_get', { sha256: sha })).replace(sha, 'X');
    assert.equal(await refusal(hash), await refusal(nobody));
    assert.match(await refusal(hash), /"not_found"/);

    const http = async (sha) => {
      const { status, headers, body } = await read(sha, other.token);
      const names = [...headers.keys()].sort();
      return JSON.stringify({ status, names, code: body.code, detail: body.detail.replace(sha, 'X') });
    };
    assert.equal(await http(hash), await http(nobody));
    assert.equal((await read(hash, other.token)).status, 404);
    assert.equal((await read(hash, other.token, { 'If-None-Match': `"${hash}"` })).status, 404, 'no 304 for a guess');
    assert.equal((await read(hash, other.token, { Range: 'bytes=0-0' })).status, 404);
    assert.equal((await read(hash, null)).status, 401);
    assert.equal((await read(hash, own.token)).status, 200);
  });

  test('follows the visibility of its feature, whatever its switch', async (t) => {
    const { feature, plan, token } = await tenant();
    const bytes = randomBytes(100);
    await put(featurePath(feature), 'logo', bytes);
    const path = featurePath(feature);

    await shared.it.call('POST', `${path}/toggle`, { enabled: false });
    assert.equal((await read(sha256(bytes), token)).status, 200, 'off is still visible');
    await shared.it.call('DELETE', `/api/v1/packages/${plan.id}/features/${feature.id}`);
    assert.equal((await read(sha256(bytes), token)).status, 404);
    const socket = await shared.it.clientSocket(t, token).connected();
    await socket.next('client_connected');
    assert.equal((await socket.ask('asset_get', { sha256: sha256(bytes) })).error.code, 'not_found');
    await shared.it.call('PUT', `/api/v1/packages/${plan.id}/features/${feature.id}`);
    assert.equal((await socket.ask('asset_get', { sha256: sha256(bytes) })).bytes.equals(bytes), true);
  });

  test('is pushed as a change of the feature, to the clients that see it and to no others', async (t) => {
    const [own, other] = [await tenant(), await tenant()];
    const mine = await shared.it.clientSocket(t, own.token).connected();
    const theirs = await shared.it.clientSocket(t, other.token).connected();
    const admin = await shared.it.adminSocket(t).connected();
    await Promise.all([mine.next('client_connected'), theirs.next('client_connected'), admin.next('admin_connected')]);

    const bytes = randomBytes(10);
    const changed = await put(featurePath(own.feature), 'logo', bytes);
    const [update] = await mine.next('feature_update');
    assert.equal(update.type, 'update');
    assert.equal(update.revision, changed.revision);
    assert.deepEqual(update.data.assets, { logo: reference(bytes, 'image/png') });
    assert.equal((await mine.ask('asset_get', { sha256: update.data.assets.logo.sha256 })).bytes.equals(bytes), true);
    const [whole] = await admin.next('feature_update');
    assert.deepEqual(whole.data.assets, changed.assets);

    await shared.it.call('DELETE', `${featurePath(own.feature)}/assets/logo`);
    assert.equal((await mine.next('feature_update'))[0].data.assets, undefined);
    assert.equal((await mine.ask('asset_get', { sha256: sha256(bytes) })).error.code, 'not_found');
    await theirs.ask('heartbeat', {});
    assert.equal(theirs.unread('feature_update'), 0);
  });

  test('comes back by an undo, and stays readable for admins until then', async () => {
    const { feature } = await tenant();
    const path = featurePath(feature);
    const [first, second] = [randomBytes(10), randomBytes(11)];
    const before = await put(path, 'logo', first);
    const after = await put(path, 'logo', second);
    await put(path, 'other', first, 'image/gif');

    assert.equal((await read(sha256(first), shared.it.admin)).bytes.equals(first), true);
    const past = await shared.it.call('GET', `${path}?at=${before.revision}`);
    assert.deepEqual(past.assets, { logo: reference(first, 'image/png') });

    const [epoch] = JSON.parse(after.etag).split('.');
    const undone = await shared.it.call('POST', `/api/v1/activity/${epoch}.${after.revision}/undo`);
    assert.match(undone.summary, /assets/);
    const now = await shared.it.call('GET', path);
    assert.deepEqual(now.assets, { logo: reference(first, 'image/png'), other: reference(first, 'image/gif') });
    await shared.it.call('DELETE', `${path}/assets/logo`);
    await shared.it.call('DELETE', `${path}/assets/other`);
    assert.equal((await shared.it.call('GET', path)).assets, undefined);
    assert.equal((await read(sha256(first), shared.it.admin)).bytes.equals(first), true, 'the log still names it');
  });

  test('is sent back unchanged with its entity, and changed by its own path alone', async () => {
    const { feature } = await tenant();
    const path = featurePath(feature);
    const whole = await put(path, 'logo', randomBytes(10));

    const same = await shared.it.call('PATCH', path, { ...whole, name: 'Renamed' });
    assert.deepEqual(same.assets, whole.assets);
    const refused = await shared.it.request('PATCH', path, { assets: {} });
    assert.equal(refused.status, 400);
    assert.equal(refused.body.errors[0].pointer, '/assets');
  });

  test('is written once for one Idempotency-Key', async () => {
    const { feature } = await tenant();
    const headers = { ...kPng.headers, 'Idempotency-Key': ownKey('put') };
    const path = `${featurePath(feature)}/assets/logo`;
    const first = await shared.it.request('PUT', path, Buffer.from('a'), { headers });
    const again = await shared.it.request('PUT', path, Buffer.from('a'), { headers });
    assert.equal(again.headers.get('idempotency-replayed'), 'true');
    assert.deepEqual(again.body, first.body);
    assert.equal((await shared.it.request('PUT', path, Buffer.from('b'), { headers })).status, 409);
  });
});

describe('an asset of a platform', () => {
  test('is in the view of its clients, and goes with a copy of the environment', async (t) => {
    const it = shared.it;
    const platform = await it.createPlatform({ key: ownKey(), name: 'Web' });
    const bytes = randomBytes(1000);
    await put(`/api/v1/platforms/${platform.id}`, 'style', bytes, 'text/css; charset=utf-8');
    const { token } = await it.createClient(ownKey('client'));
    const socket = await it.clientSocket(t, token).connected();
    const [state] = await socket.next('client_connected');
    const { style } = state.platforms.find(({ id }) => id === platform.id).assets;
    assert.deepEqual(style, reference(bytes, 'text/css; charset=utf-8'));
    const http = await read(style.sha256, token);
    assert.equal(http.headers.get('content-disposition'), 'attachment');
    assert.equal(http.headers.get('content-type'), 'text/css; charset=utf-8');

    const key = ownKey('environment');
    await it.call('POST', '/api/v1/environments', { key });
    await it.call('POST', `/api/v1/environments/${key}/copy`, { from: 'production' });
    const there = (await it.call('POST', '/api/v1/auth/login', { username: 'owner', password: 'correct horse battery staple', environment: key }, { token: null })).token;
    assert.equal((await read(style.sha256, there)).bytes.equals(bytes), true);
  });

  test('of one mebibyte is read by ranges', async () => {
    const it = shared.it;
    const platform = await it.createPlatform({ key: ownKey(), name: 'Web' });
    const bytes = randomBytes(kMiB);
    await put(`/api/v1/platforms/${platform.id}`, 'film', bytes, 'video/mp4');
    const { token } = await it.createClient(ownKey('client'));
    const hash = sha256(bytes);
    const ask = (range, more = {}) => read(hash, token, { Range: range, ...more });

    for (const [range, from, to] of [['bytes=0-0', 0, 1], ['bytes=0-65535', 0, 65536], ['bytes=524288-', kMiB / 2, kMiB], ['bytes=-1', kMiB - 1, kMiB], ['bytes=1000000-99999999', 1000000, kMiB]]) {
      const part = await ask(range);
      assert.equal(part.status, 206, range);
      assert.equal(part.headers.get('content-range'), `bytes ${from}-${to - 1}/${kMiB}`);
      assert.equal(part.headers.get('content-length'), String(to - from));
      assert.equal(part.bytes.equals(bytes.subarray(from, to)), true, range);
    }
    const behind = await ask(`bytes=${kMiB}-`);
    assert.equal(behind.status, 416);
    assert.equal(behind.headers.get('content-range'), `bytes */${kMiB}`);
    assert.equal((await ask('bytes=0-0', { 'If-Range': `"${hash}"` })).status, 206);
    for (const whole of [await ask('bytes=0-0', { 'If-Range': '"other"' }), await ask('bytes=0-1,5-6'), await ask('lines=1-2'), await read(hash, token)]) {
      assert.equal(whole.status, 200);
      assert.equal(whole.bytes.equals(bytes), true);
    }
    const head = await fetch(`${it.url}/api/v1/assets/${hash}`, { method: 'HEAD', headers: { Authorization: `Bearer ${token}`, Range: 'bytes=0-0' } });
    assert.equal(head.status, 200, 'a range counts in GET alone');
    assert.equal(head.headers.get('content-length'), String(kMiB));
  });
});

describe('limits name their numbers:', () => {
  test('the size, the type and the name of an asset', async () => {
    const { feature } = await tenant();
    const path = `${featurePath(feature)}/assets`;
    const large = await shared.it.request('PUT', `${path}/logo`, Buffer.alloc(kMiB + 1), kPng);
    assert.equal(large.status, 413);
    assert.match(large.body.detail, /1048576 bytes \(--asset-size\)/);
    assert.equal((await shared.it.request('PUT', `${path}/logo`, Buffer.alloc(kMiB), kPng)).status, 200);
    for (const type of ['nonsense', 'multipart/form-data; boundary=x', 'application/x-www-form-urlencoded']) {
      const refused = await shared.it.request('PUT', `${path}/logo`, Buffer.from('x'), { headers: { 'Content-Type': type } });
      assert.equal(refused.status, 415, type);
      assert.match(refused.body.detail, /Content-Type/);
    }
    assert.equal((await shared.it.request('PUT', `${path}/a%20b`, Buffer.from('x'), kPng)).status, 400);
    assert.equal((await shared.it.request('PUT', `${path}/empty`, undefined, kPng)).status, 400);
  });

  test('the number of assets of an entity', async () => {
    const { feature } = await tenant();
    for (let n = 0; n < 16; n++) await put(featurePath(feature), `asset-${n}`, Buffer.from('same'));
    const refused = await shared.it.request('PUT', `${featurePath(feature)}/assets/one-more`, Buffer.from('x'), kPng);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /has 16 assets, as many as it may/);
    await put(featurePath(feature), 'asset-3', Buffer.from('other'));
  });
});

describe('with small limits', () => {
  const small = product({ args: ['--asset-storage', String(kMiB), '--asset-size', '300000', '--asset-rate', '1024', '--asset-burst', String(16 * kMiB)] });

  test('an environment holds so many bytes, and the metrics show them', async () => {
    const platform = await small.it.createPlatform({ key: 'web', name: 'Web' });
    const path = `/api/v1/platforms/${platform.id}/assets`;
    for (let n = 0; n < 3; n++) await small.it.call('PUT', `${path}/asset-${n}`, Buffer.alloc(300_000, n), kPng);
    const refused = await small.it.request('PUT', `${path}/asset-3`, Buffer.alloc(300_000, 3), kPng);
    assert.equal(refused.status, 409);
    assert.match(refused.body.detail, /take 900000 of 1048576 bytes \(--asset-storage\), and this one needs 300000 more/);
    await small.it.call('PUT', `${path}/again`, Buffer.alloc(300_000, 2), kPng); // the same bytes cost nothing
    await small.it.call('PUT', `${path}/tiny`, Buffer.from('x'), kPng);
    await until(async () => /togglecast_asset_bytes\{environment="production"\} 904096/.test(await small.it.metrics()), 'the bytes in the metrics', 60_000);
  });

  test('a connection that reads too many bytes is told to wait', async (t) => {
    const platform = await small.it.createPlatform({ key: 'slow', name: 'Slow' });
    const bytes = Buffer.alloc(300_000, 0);
    await small.it.call('PUT', `/api/v1/platforms/${platform.id}/assets/film`, bytes, kPng);
    const { token } = await small.it.createClient();
    const socket = await small.it.clientSocket(t, token, { transports: ['websocket'] }).connected();
    let answer;
    let read = 0;
    while (!(answer = await socket.ask('asset_get', { sha256: sha256(bytes) })).error) read += answer.size;
    assert.equal(answer.error.code, 'rate_limited');
    assert.match(answer.error.message, /--asset-rate/);
    assert.ok(answer.error.retry_after_ms > 0, JSON.stringify(answer.error));
    assert.ok(read >= 15 * kMiB && read <= 17 * kMiB, `${read} bytes`);
  });
});

describe('for clients that read slowly', () => {
  const size = 8 * kMiB;
  const large = product({ args: ['--asset-size', String(size), '--queued-bytes', String(1024 * kMiB)] });
  const peakMiB = () => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${large.it.process.pid}/status`, 'utf8'))[1]) / 1024;

  test('many get the same asset at once, and wait for the same bytes in memory', async (t) => {
    const it = large.it;
    const platform = await it.createPlatform({ key: 'web', name: 'Web' });
    const { token } = await it.createClient();
    const clients = await Promise.all(Array.from({ length: 40 }, () => it.clientSocket(t, token, { transports: ['websocket'] }).connected()));
    const bytes = randomBytes(size);
    await it.call('PUT', `/api/v1/platforms/${platform.id}/assets/film`, bytes, kPng);
    await Promise.all(clients.map((client) => client.next('platform_update')));
    const tcp = clients.map((client) => client.socket.io.engine.transport.ws._socket);
    const before = peakMiB();
    const metricOf = async (name) => Number(new RegExp(`^${name} (\\d+)`, 'm').exec(await it.metrics())[1]);
    const blocked = await metricOf('togglecast_blocked_writes_total');

    const answers = clients.map((client) => client.ask('asset_get', { sha256: sha256(bytes) }));
    for (const socket of tcp) socket.pause();
    await until(async () => (await metricOf('togglecast_blocked_writes_total')) >= blocked + clients.length, 'answers that wait', 60_000);
    // Each core has a frame of its own for all of its connections.
    const queued = (await metricOf('togglecast_queued_bytes')) / kMiB;
    assert.ok(queued > 4 && queued < 9 * (await metricOf('togglecast_shards')), `${queued} MiB for 40 answers of 8 MiB`);
    for (const socket of tcp) socket.resume();

    assert.ok((await Promise.all(answers)).every((answer) => answer.bytes.equals(bytes)));
    const most = 8 * ((await metricOf('togglecast_shards')) + 6);
    assert.ok(peakMiB() - before < most, `${peakMiB() - before} MiB more for 40 answers of 8 MiB`);
    assert.match(await it.metrics(), /togglecast_queues_shed_total 0\n/);
  });
});

describe('with a log that keeps 20 changes', () => {
  const short = product({ args: ['--keep-changes', '20', '--keep-days', '0', '--ring-bytes', '0', '--write-rate', '1000', '--write-burst', '1000'] });
  const bytesOf = (hash) => short.it.requestOnce('GET', `/api/v1/assets/${hash}`);

  test('an asset goes when no kept change names it and no entity has it', async () => {
    const it = short.it;
    const platform = await it.createPlatform({ key: 'web', name: 'Web' });
    const path = `/api/v1/platforms/${platform.id}/assets`;
    const [gone, held] = [randomBytes(5000), randomBytes(6000)];
    await it.call('PUT', `${path}/held`, held, kPng);
    await it.call('PUT', `${path}/gone`, gone, kPng);
    await it.call('DELETE', `${path}/gone`);
    assert.equal((await bytesOf(sha256(gone))).bytes.equals(gone), true);

    const other = await it.createPlatform({ key: 'other', name: 'Other' });
    for (let n = 0; n < 150; n++) await it.toggle(other.id);
    await until(async () => (await bytesOf(sha256(gone))).status === 404, 'the end of the asset', 60_000);

    assert.equal((await bytesOf(sha256(held))).bytes.equals(held), true, 'its entity has it, though no change names it any more');
    await until(async () => /togglecast_assets\{environment="production"\} 1\n/.test(await it.metrics()), 'one asset in the metrics', 60_000);
    assert.match(await it.metrics(), /togglecast_assets_collected_total\{environment="production"\} 1\n/);
  });
});
