// A large catalogue in a real server, by REST: 1,000 features, 20 packages, 10,000 clients.
import type { Entity, Server } from '../tests/server';

export const kFeatures = Number(process.env['FEATURES'] ?? 1000);
export const kClients = Number(process.env['CLIENTS'] ?? 10_000);
const kPackages = 20;
const kAtOnce = 32;

async function inParallel(count: number, task: (index: number) => Promise<unknown>) {
  let next = 0;
  await Promise.all(Array.from({ length: kAtOnce }, async () => {
    while (next < count) await task(next++);
  }));
}

const all = async (server: Server, path: string) => {
  const found: Entity[] = [];
  let cursor: string | undefined;
  do {
    const page: { items: Entity[]; next_cursor?: string } = await server.call('GET', `${path}?limit=1000${cursor ? `&cursor=${cursor}` : ''}`);
    found.push(...page.items);
    cursor = page.next_cursor;
  } while (cursor);
  return found;
};

const kGroups = ['checkout', 'search', 'billing', 'labs', 'mobile', 'reports', 'support', 'storefront'];
const kTags = ['beta', 'mobile', 'legacy', 'experiment', 'paid'];

/** What is missing is made; so a folder that has the catalogue already can be used again. */
export async function seed(server: Server): Promise<{ features: number[]; clients: number[]; seconds: number }> {
  const began = performance.now();
  const known = new Set((await all(server, '/api/v1/features')).map(({ key }) => key));
  await inParallel(kFeatures, async (index) => {
    const key = `feature-${String(index).padStart(4, '0')}`;
    if (known.has(key)) return;
    await server.call('POST', '/api/v1/features', {
      key, name: `Feature ${index}`, description: 'One of many', metadata: { group: kGroups[index % kGroups.length], tags: kTags.slice(index % 4, (index % 4) + 2).join(',') },
      targeting: index % 3 === 0 ? { if: [{ '==': [{ var: 'client.country' }, 'DE'] }, 'on', 'off'] } : index % 3 === 1 ? { fractional: [['on', index % 100], ['off', 100 - (index % 100)]] } : {},
      ...(index % 10 === 0 && { sub_features: [{ key: 'part', name: 'Part' }] }),
    });
  });
  const features = (await all(server, '/api/v1/features')).map(({ id }) => id);
  const plans = new Map((await all(server, '/api/v1/packages')).map(({ key, id }) => [key, id]));
  await inParallel(kPackages, async (index) => {
    const key = `plan-${index}`;
    if (plans.has(key)) return;
    const { id } = await server.call('POST', '/api/v1/packages', { key, name: `Plan ${index}`, features: features.slice(index * 10, index * 10 + 100).map((feature_id) => ({ feature_id })) });
    plans.set(key, id);
  });
  const there = new Set((await all(server, '/api/v1/clients')).map(({ key }) => key));
  await inParallel(kClients, async (index) => {
    const key = `client-${String(index).padStart(5, '0')}`;
    if (there.has(key)) return;
    await server.call('POST', '/api/v1/clients', { key, name: `Client ${index}`, package_id: plans.get(`plan-${index % kPackages}`), attributes: { country: index % 2 ? 'DE' : 'FR', seats: index % 500 } });
  });
  const clients = (await all(server, '/api/v1/clients')).map(({ id }) => id);
  return { features, clients, seconds: Math.round((performance.now() - began) / 1000) };
}
