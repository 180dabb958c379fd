// Providers of keys and of logins that are slow, lie, say too much and are away: those who are in stay in, known keys go on,
// others are served meanwhile, each answer has its bounds, and when the provider is back it works.
import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, test } from 'node:test';
import { until, untilTried } from '../support/deadline.mjs';
import { kFaultyAnswers, watched } from '../support/faulty-answers.mjs';
import { metric } from '../support/hostile.mjs';
import { codeOf, jwks, SigningKey, startProvider, trusted } from '../support/issuer.mjs';
import { Jar, logIn } from '../support/oidc-login.mjs';
import { OidcProvider } from '../support/oidc-provider.mjs';
import { dataFolder, kOwner, kPassword, ownKey, Product, product } from '../support/product.mjs';

const kPatience = 180_000;
const kMostSent = 24 << 20;  // 1 MiB counts; the rest waits in the kernel
const kArgs = ['--egress-plain-loopback', '--write-rate', '1000', '--write-burst', '10000'];

/** Somebody who is in: a read is answered, and a change reaches the connection. */
async function isServed(server, token, socket) {
  const read = await server.request('GET', '/api/v1/platforms?limit=1', undefined, { token });
  assert.equal(read.status, 200, read.text);
  const key = ownKey();
  const made = await server.createPlatform({ key, name: 'While it hangs' });
  let update;
  do [update] = await socket.next('platform_update', kPatience);
  while (update.platform_id !== made.id);
  await server.call('DELETE', `/api/v1/platforms/${made.id}`);  // a quick machine makes more than an environment can hold
  assert.equal(socket.disconnects.size, 0, socket.lastEnd);
}

/** While an answer of the provider is awaited, somebody is served again and again. */
async function isServedMeanwhile(seen, served) {
  let rounds = 0;
  while (seen.open > 0) {
    await served();
    if (seen.open > 0) rounds += 1;
  }
  assert.ok(rounds > 0, 'somebody was served while the provider was silent');
}

describe('keys of an issuer', { concurrency: true }, () => {
  const shared = product({ args: kArgs });
  const first = new SigningKey('EdDSA', 'first');
  const second = new SigningKey('ES256', 'second');

  /** An issuer whose key `first` is known, and a connection that it opened. */
  async function known(t) {
    const provider = await startProvider(t, (_, response) => response.end(jwks(first)));
    const { token, keys } = await trusted(shared.it, { jwks_url: provider.url });
    const inside = await enters(t, token(first));
    return { provider, token, keys, inside };
  }
  async function enters(t, token, options) {
    const socket = await shared.it.clientSocket(t, token, options).connected();
    await socket.next('client_connected', kPatience);
    return socket;
  }

  /** A token of an unknown key makes the server look: answers what that token is told. */
  async function looks(provider, seen, token) {
    let told;
    const stranger = () => {
      if (!seen.asked) told = codeOf(shared.it, token);
      return seen.asked;
    };
    await untilTried(stranger, 'a look at the keys', kPatience);
    return { told };
  }

  async function stays({ inside, keys, token }, t) {
    assert.equal((await inside.ask('config_check', {})).error, undefined);
    assert.equal(inside.disconnects.size, 0, inside.lastEnd);
    assert.equal(await codeOf(shared.it, token(first)), 'not_found', 'the key that is known goes on');
    (await enters(t, token(first))).close();
    assert.deepEqual((await keys()).keys.map(({ kid }) => kid), ['first']);
  }

  for (const [name, fault] of Object.entries(kFaultyAnswers)) {
    test(`a provider that ${name}`, async (t) => {
      const all = await known(t);
      const admin = await shared.it.adminSocket(t).connected();
      await admin.next('admin_connected', kPatience);
      const seen = {};
      all.provider.answer = watched(seen, fault);

      const { told } = await looks(all.provider, seen, all.token(second));
      if (fault.slow) await isServedMeanwhile(seen, () => Promise.all([isServed(shared.it, shared.it.admin, admin), stays(all, t)]));

      assert.equal(await told, 'unavailable', 'a token of a key that may be new is told to come again');
      await until(() => seen.open === 0, 'the end of the answer', kPatience);
      assert.ok(seen.sent < kMostSent, `${seen.sent} bytes were taken`);
      await stays(all, t);
      assert.equal(typeof (await all.keys()).error, 'string');
      assert.ok(await metric(shared.it, 'togglecast_egress_requests_total', `purpose="jwks",result="${fault.result}"`) > 0);
      const waits = shared.it.clientSocket(t, all.token(second), { transports: ['websocket'], reconnection: true, reconnectionDelay: 200, reconnectionDelayMax: 400 });
      assert.equal(await waits.disconnects.next('disconnect', kPatience), 'transport close', 'not for good');
      all.provider.answer = (_, response) => response.end(jwks(first, second));

      await waits.next('client_connected', kPatience);
      assert.equal(await codeOf(shared.it, all.token(second)), 'not_found');
      assert.equal((await all.keys()).error, null);
      assert.equal(all.inside.disconnects.size, 0, all.inside.lastEnd);
    });
  }

  test('a provider that is away, and comes back with other keys', async (t) => {
    const all = await known(t);
    const seen = {};
    all.provider.answer = watched(seen, kFaultyAnswers['cuts the connection']);
    await looks(all.provider, seen, all.token(second));
    const waits = shared.it.clientSocket(t, all.token(second), { transports: ['websocket'], reconnection: true, reconnectionDelay: 200, reconnectionDelayMax: 400 });
    await waits.disconnects.next('disconnect', kPatience);
    await stays(all, t);

    all.provider.answer = (_, response) => response.end(jwks(second));

    await waits.next('client_connected', kPatience);
    assert.equal((await all.inside.next('session_ended', kPatience))[0].reason, 'token_revoked');
    assert.equal(await codeOf(shared.it, all.token(first)), 'token_invalid');
  });
});

describe('logins', { concurrency: true }, () => {
  async function start(t, args = []) {
    const data = await dataFolder();
    t.after(() => data.remove());
    const provider = await OidcProvider.start(t);
    provider.person.groups = ['developers'];
    const all = [...kArgs, ...provider.args('editor=developers'), ...args];
    const begin = async (port) => {
      const server = await Product.start(path.join(data.folder, 'data'), { args: all, port });
      t.after(() => server.end('SIGKILL'));
      await server.login(kOwner, kPassword);
      return server;
    };
    return { provider, begin, server: await begin() };
  }

  const kPlaces = {
    description: '/.well-known/openid-configuration',
    keys: '/keys',
    tokens: '/token',
    'claims of the person': '/userinfo',
  };
  for (const [what, place] of Object.entries(kPlaces)) {
    test(`at a provider that is slow with its ${what}, lies and says too much`, async (t) => {
      const { provider, begin, server: before } = await start(t);
      provider.lies.thin = place === '/userinfo';
      let { body: session } = await logIn(provider, before);
      await before.end('SIGTERM');
      const server = await begin(before.port);  // it knows nothing of the provider any more
      const socket = await server.socket(t, '/admin', { token: session.token }).connected();
      await socket.next('admin_connected', kPatience);
      const inside = async () => {
        await isServed(server, session.token, socket);
        const refreshed = await server.request('POST', '/api/v1/auth/refresh', { refresh_token: session.refresh_token }, { token: null });
        assert.equal(refreshed.status, 200, refreshed.text);
        session = refreshed.body;
      };
      const tries = async () => {
        const begun = await new Jar().get(`${server.url}/api/v1/auth/oidc/login`);
        return begun.status === 302 ? logIn(provider, server) : begun;
      };

      for (const [name, fault] of Object.entries(kFaultyAnswers)) {
        const seen = {};
        provider.lies.answers = { [place]: watched(seen, fault) };
        const attempt = untilTried(async () => {
          const answer = await tries();
          const nobody = place === '/userinfo' && name === 'answers an empty object';  // it is an answer, about another person
          if (answer.status !== 429) assert.equal(answer.status, nobody ? 401 : 503, `${name}: ${answer.text}`);  // a provider is asked twice a second at most
          return seen.asked;
        }, `a provider that was asked and ${name}`, kPatience);
        if (fault.slow) {
          await Promise.race([attempt, until(() => seen.open > 0, 'a request that hangs', kPatience)]);
          await isServedMeanwhile(seen, inside);
        }
        await attempt;
        await until(() => seen.open === 0, 'the end of the answer', kPatience);
        assert.ok(seen.sent < kMostSent, `${name}: ${seen.sent} bytes were taken`);
        assert.ok(await metric(server, 'togglecast_egress_requests_total', `purpose="openid_connect",result="${fault.result}"`) > 0, name);
        await inside();
      }
      assert.equal(provider.count('/elsewhere'), 0, 'no redirect was followed');

      delete provider.lies.answers;
      const back = await untilTried(async () => {
        const answer = await tries();
        return answer.status === 200 && answer;
      }, 'a login when the provider is back', kPatience);
      assert.equal(back.body.admin.username, 'anna');
      await inside();
    });
  }

  test('go on while many providers of keys are silent', async (t) => {
    const { provider, server } = await start(t);
    const seen = {};
    for (let n = 0; n < 4; n++) {  // each is called on its own, below the failures that open its breaker
      const silent = await startProvider(t, watched(seen, kFaultyAnswers['holds its answer']));
      for (let i = 0; i < 4; i++) {
        await server.call('POST', '/api/v1/issuers', {
          key: ownKey('silent'), name: 'Silent', issuer: `https://${ownKey('silent')}.example/`, audiences: ['flags'], environment: 'production', keys: { jwks_url: silent.url },
        });
      }
    }
    await until(() => seen.open >= 12, 'as many as may be asked at once', kPatience);

    const answer = await logIn(provider, server);

    assert.equal(answer.status, 200, answer.text);
    assert.ok(seen.open > 0, 'they are silent still');
  });
});
