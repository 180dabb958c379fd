// Streams over random histories: whatever is changed, and wherever a connection is cut, what a listener has at the end is
// what a new one is told.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dataFolder, Product, product } from '../support/product.mjs';
import { Random } from '../support/random.mjs';
import { RandomHistory } from '../support/random-history.mjs';
import { StreamCopy } from '../support/stream-copy.mjs';

const kArgs = ['--write-rate', '10000', '--write-burst', '10000'];
const kContexts = [undefined, { plan: 'pro', targetingKey: 'u1' }, { beta: true, plan: 'gold' }];
const shared = product({ args: kArgs });
const seed = Number(process.env.TOGGLECAST_SEED ?? Date.now() % 1_000_000);

/** Listeners of every client in every context, which note what may not happen. */
function listeners(t, history, problems) {
  return history.clients.flatMap(({ token, key }) =>
    kContexts.map((context) => new StreamCopy(t, { url: history.it.url, token, context, name: `${key} ${JSON.stringify(context)}` }, (text) => problems.push(text))));
}

/** Lets each of them be cut somewhere, or come back. */
function disturb(random, all) {
  for (const one of all) {
    if (!one.connected) {
      if (random.below(2) === 0) one.connect();
    } else if (random.below(3) === 0) {
      one.cut(random.below(4) === 0 ? 0 : random.below(3_000));
    }
  }
}

async function compare(t, all, revision, problems) {
  for (const one of all) {
    await one.reaches(revision);
    const fresh = new StreamCopy(t, { url: new URL(one.target).origin, token: one.token, name: 'a new one' }, (text) => problems.push(text));
    fresh.target = one.target;
    await fresh.reaches(revision);
    assert.equal(one.copy.difference(fresh.copy.view), '', `seed ${seed}: ${one.copy.name}`);
    fresh.cut();
  }
  assert.deepEqual(problems, [], `seed ${seed}`);
}

describe('a stream that is cut at random places', () => {
  test('ends equal to a new one', { timeout: 240_000 }, async (t) => {
    const random = new Random(seed);
    const history = await new RandomHistory(shared.it, random).begin();
    const problems = [];
    const all = listeners(t, history, problems);
    for (let round = 0; round < 4; round += 1) {
      for (let i = 0; i < 40; i += 1) {
        disturb(random, all);
        await history.change();
      }
      await compare(t, all, await history.last(), problems);
    }
    const sum = (name) => all.reduce((total, one) => total + one.copy[name], 0);
    assert.ok(all.every(({ cuts }) => cuts > 3) && sum('resumes') > 20, `seed ${seed}: ${sum('resumes')} resumes`);
    assert.ok(sum('states') < sum('resumes'), 'few need the whole view again');
  });

  test('and over kill -9 of the server', { timeout: 240_000 }, async (t) => {
    const data = await dataFolder();
    t.after(data.remove);
    let it = await Product.start(data.folder, { args: kArgs });
    t.after(() => it.end('SIGTERM'));
    await it.login();
    const random = new Random(seed + 1);
    const history = await new RandomHistory(it, random).begin();
    const problems = [];
    const all = listeners(t, history, problems);
    for (let round = 0; round < 3; round += 1) {
      for (let i = 0; i < 15; i += 1) {
        disturb(random, all);
        await history.change();
      }
      await it.end('SIGKILL');
      it = await Product.start(data.folder, { args: kArgs, port: it.port });
      await it.login();
      history.it = it;
      await history.change();
      await compare(t, all, await history.last(), problems);
    }
    assert.ok(all.some((one) => one.copy.resumes > 0));
  });
});
