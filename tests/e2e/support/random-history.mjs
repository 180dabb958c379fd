// Random changes of one small catalogue: of all that may change what its clients see.
import { ownKey } from './product.mjs';

const kPlans = ['free', 'pro', 'gold'];

export class RandomHistory {
  constructor(it, random) {
    this.it = it;
    this.random = random;
    this.features = [];
    this.changes = 0;
  }

  chance(of) {
    return this.random.below(of) === 0;
  }

  post(kind, body) {
    return this.it.call('POST', `/api/v1/${kind}`, { name: 'Any', ...body });
  }

  /** Two packages, platforms, a segment, some features, and clients with tokens. */
  async begin(clients = 2) {
    this.segment = await this.post('segments', { key: ownKey('beta'), rule: { var: 'beta' } });
    this.platforms = [await this.post('platforms', { key: ownKey('web') }), await this.post('platforms', { key: ownKey('app') })];
    for (let i = 0; i < 6; i += 1) await this.addFeature();
    const some = () => this.features.filter(() => !this.chance(3)).map(({ id }) => ({ feature_id: id }));
    this.packages = [];
    for (let i = 0; i < 2; i += 1) this.packages.push(await this.post('packages', { key: ownKey('package'), features: some() }));
    this.clients = [];
    for (let i = 0; i < clients; i += 1) {
      const { client, token } = await this.it.createClient(ownKey('client'));
      await this.it.call('PATCH', `/api/v1/clients/${client.id}`, { package_id: this.packages[i % 2].id, attributes: { tier: 'gold' }, visible_attributes: ['tier'] });
      this.clients.push({ ...client, token });
    }
    return this;
  }

  targeting() {
    return this.random.of([
      {},
      { if: [{ '==': [{ var: 'plan' }, this.random.of(kPlans)] }, 'on', 'off'] },
      { if: [{ '==': [{ var: 'client.tier' }, this.random.of(kPlans)] }, 'on', null] },
      { if: [{ $ref: this.segment.key }, 'off', 'on'] },
      { fractional: [['on', 1 + this.random.below(9)], ['off', 5]] },
      { if: [{ var: 'broken' }, 'no-such-variant', 'on'] },
    ]);
  }

  async addFeature() {
    this.features.push(await this.post('features', {
      key: ownKey('feature'),
      targeting: this.targeting(),
      ...(this.chance(3) ? { variants: { on: '#fff', off: '#000' }, defaultVariant: 'on' } : {}),
      ...(this.chance(3) ? { sub_features: [{ key: 'part' }, { key: 'rest', targeting: this.targeting() }] } : {}),
      ...(this.chance(4) ? { platforms: [this.random.of(this.platforms).id] } : {}),
      ...(this.chance(4) && this.features.length > 0 ? { requires: [this.random.of(this.features).id] } : {}),
    }));
  }

  /** One change, or one that the server refuses because there is nothing to change. */
  async change() {
    const feature = this.random.of(this.features);
    const client = this.random.of(this.clients);
    const plan = this.random.of(this.packages);
    const [features, clients, packages] = ['features', 'clients', 'packages'].map((kind) => `/api/v1/${kind}`);
    const [method, path, body] = this.random.of([
      () => ['POST', `${features}/${feature.id}/toggle`],
      () => ['PATCH', `${features}/${feature.id}`, { targeting: this.targeting() }],
      () => ['PATCH', `${features}/${feature.id}`, { name: `Name ${this.changes}` }],
      () => ['POST', `${features}/${feature.id}/sub-features/part/toggle`],
      () => ['POST', `/api/v1/platforms/${this.random.of(this.platforms).id}/toggle`],
      () => ['PATCH', `/api/v1/platforms/${this.random.of(this.platforms).id}`, { config: { step: this.changes, text: 'x'.repeat(this.random.below(2_000)) } }],
      () => ['PATCH', `/api/v1/segments/${this.segment.id}`, { rule: this.random.of([true, { var: 'beta' }, { '==': [{ var: 'plan' }, 'gold'] }]) }],
      () => ['PUT', `${packages}/${plan.id}/features/${feature.id}`, this.chance(2) ? { limit: this.random.below(9) } : {}],
      () => ['DELETE', `${packages}/${plan.id}/features/${feature.id}`],
      () => ['PUT', `${clients}/${client.id}/overrides/${feature.id}`, this.chance(2) ? { removed: true } : { value: feature.variants.on }],
      () => ['DELETE', `${clients}/${client.id}/overrides/${feature.id}`],
      () => ['PATCH', `${clients}/${client.id}`, { package_id: this.chance(5) ? null : plan.id }],
      () => ['PATCH', `${clients}/${client.id}`, { attributes: { tier: this.random.of(kPlans), step: this.changes } }],
      () => (this.chance(3) ? ['POST', `${clients}/${client.id}/toggle`] : ['PATCH', `${packages}/${plan.id}`, { name: `Plan ${this.changes}` }]),
      () => (this.features.length > 4 ? ['DELETE', `${features}/${feature.id}?force=true`] : null),
      () => null,
    ])() ?? ['POST', null];
    this.changes += 1;
    if (path === null) return this.addFeature();
    const answer = await this.it.request(method, path, body);
    if (![200, 201, 204, 404, 409].includes(answer.status)) throw new Error(`${method} ${path} answered ${answer.status}: ${answer.text}`);
    if (method === 'DELETE' && path.startsWith(features) && answer.status < 300) this.features = this.features.filter(({ id }) => id !== feature.id);
    if (answer.status < 300) this.it.revision = answer.revision;
  }

  /** One that everybody sees: whoever has its revision has all before it. */
  async last() {
    await this.it.call('PATCH', `/api/v1/platforms/${this.platforms[0].id}`, { config: { last: this.changes } });
    return this.it.revision;
  }
}
