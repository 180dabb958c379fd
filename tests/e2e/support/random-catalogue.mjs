// Random catalogues of one client, and random contexts. Rules compare texts with texts and numbers with numbers, as people
// write them: engines of JsonLogic differ in the rest.

const var_ = (path) => ({ var: path });
const kTexts = ['free', 'pro', 'gold'];

export class RandomCatalogue {
  constructor(random) {
    this.random = random;
    this.segments = [];
  }

  chance(of) {
    return this.random.below(of) === 0;
  }

  text() {
    return this.random.of(kTexts);
  }

  version() {
    return `${this.random.below(4)}.${this.random.below(3)}.0`;
  }

  textRule() {
    return this.random.of([
      () => var_('plan'),
      () => var_('client.tier'),
      () => this.text(),
      () => ({ cat: [var_('client.tier'), { var: ['plan', 'none'] }] }),  // engines differ in what they join for null
      () => ({ var: ['plan', this.text()] }),
      () => ({ var: ['client.absent', var_('plan')] }),
      () => var_('targetingKey'),
      () => ({ substr: [var_('client.tier'), 0, 2] }),
    ])();
  }

  numberRule() {
    const age = { var: ['age', this.random.below(9)] };
    return this.random.of([
      () => age,
      () => var_('client.seats'),
      () => this.random.below(10),
      () => ({ '+': [var_('client.seats'), age] }),
      () => ({ '%': [age, 4] }),
      () => ({ max: [age, var_('client.seats'), 3] }),
    ])();
  }

  condition(depth) {
    const below = () => this.condition(depth - 1);
    if (depth > 0 && !this.chance(3)) {
      return this.random.of([
        () => ({ and: [below(), below()] }),
        () => ({ or: [below(), below(), below()] }),
        () => ({ '!': [below()] }),
        () => ({ if: [below(), below(), below()] }),
      ])();
    }
    return this.random.of([
      () => ({ '==': [this.textRule(), this.textRule()] }),
      () => ({ '!==': [this.textRule(), this.textRule()] }),
      () => ({ '<': [this.numberRule(), this.numberRule()] }),
      () => ({ '>=': [this.numberRule(), this.numberRule()] }),
      () => ({ '<=': [1, this.numberRule(), 8] }),
      () => ({ in: [this.textRule(), ['pro', 'gold']] }),
      () => ({ in: ['de', var_('client.regions')] }),
      () => ({ sem_ver: [{ var: ['version', '1.0.0'] }, this.random.of(['>=', '<', '^', '~', '=']), this.random.of([this.version(), var_('client.version')])] }),
      () => ({ starts_with: [this.textRule(), 'p'] }),
      () => ({ ends_with: [var_('plan'), this.text()] }),
      () => ({ '!!': [{ missing: ['client.beta', 'plan', 'age', 'client.tier'] }] }),
      () => ({ some: [var_('tags'), { '==': [var_(''), 'pro'] }] }),
      () => ({ '!!': [{ missing_some: [1, ['plan', 'age']] }] }),
      () => var_(this.random.of(['client.beta', 'beta'])),
      () => ({ '===': [{ fractional: [['a', 30], ['b', 70]] }, 'a'] }),
      () => ({ '>': [var_('$flagd.timestamp'), this.random.of([1_000_000_000, 4_000_000_000])] }),
      () => ({ '!=': [var_('$flagd.flagKey'), this.random.of(['f1', 'part'])] }),
      () => (this.segments.length > 0 ? { $ref: this.random.of(this.segments) } : var_('beta')),
    ])();
  }

  targeting(variants, depth) {
    if (depth > 0 && !this.chance(4)) return { if: [this.condition(2), this.targeting(variants, depth - 1), this.targeting(variants, depth - 1)] };
    if (this.chance(3)) {
      const text = this.random.of([[], [{ cat: ['salt', var_('targetingKey')] }], [{ cat: [var_('$flagd.flagKey'), var_('client.tier')] }], [var_('plan')]]);
      return { fractional: [...text, ...variants.map((name) => [name, this.random.below(50)])] };
    }
    return this.chance(5) ? null : this.random.of(variants);
  }

  flag() {
    const variants = this.random.of([
      { on: true, off: false, also: true },
      { on: true, off: false, also: true },
      { white: '#fff', black: '#000', red: '#f00' },
      { small: 1, large: 2.5, none: 0 },
      { one: { ink: 'black' }, two: { ink: 'white', size: [1, 2] } },
      { true: 'yes', false: 'no' },
    ]);
    const names = Object.keys(variants);
    const rule = this.chance(4) ? {} : this.targeting(names, 3);
    return {
      variants,
      defaultVariant: this.chance(4) ? null : this.random.of(names),
      state: this.chance(8) ? 'DISABLED' : 'ENABLED',
      targeting: rule !== null && typeof rule === 'object' ? rule : {},
    };
  }

  /** Writes it through the API: {client, types: {name: type}}. */
  async write(api, prefix, size) {
    const types = {};
    const note = (name, { variants }) => (types[name] = typeof Object.values(variants)[0]);
    const platforms = [];
    for (const name of ['web', 'app']) platforms.push(await api('platforms', { key: `${prefix}-${name}`, name, enabled: name === 'web' || this.chance(2) }));
    for (let i = 0; i < 4; i += 1) {
      const key = `${prefix}-s${i}`;
      await api('segments', { key, name: key, rule: this.condition(2) });
      this.segments.push(key);
    }
    const features = [];
    for (let i = 0; i < size; i += 1) {
      const body = { key: `${prefix}-f${i}`, name: `F ${i}`, ...this.flag() };
      if (this.chance(3)) body.sub_features = ['part', 'rest'].map((key) => ({ key, ...this.flag() }));
      if (this.chance(5)) body.platforms = [this.random.of(platforms).id];
      if (i > 0 && this.chance(3)) body.requires = [this.random.of(features).id];
      features.push(await api('features', body));
      note(body.key, body);
      for (const sub of body.sub_features ?? []) note(`${body.key}/${sub.key}`, sub);
    }
    const assigned = features.filter(() => !this.chance(6)).map(({ id, sub_features: subs }) => ({
      feature_id: id,
      ...(this.chance(3) ? { limit: this.random.below(100) } : {}),
      ...(subs.length > 0 && this.chance(3) ? { sub_features: ['part'] } : {}),
    }));
    const plan = await api('packages', { key: `${prefix}-plan`, name: 'Plan', features: assigned, platforms: this.chance(3) ? [platforms[0].id] : [] });
    const client = await api('clients', {
      key: `${prefix}-client`,
      name: 'Client',
      package_id: plan.id,
      active: !this.chance(15),
      attributes: { tier: this.text(), seats: this.random.below(10), regions: ['de', 'fr'], version: this.version(), ...(this.chance(2) ? { beta: this.chance(2) } : {}) },
      overrides: features.filter(() => this.chance(6)).map(({ id, variants }) => ({
        feature_id: id, ...(this.chance(2) ? { removed: true } : { value: this.random.of(Object.values(variants)) }),
      })),
    });
    return { client, types };
  }

  context() {
    const out = {};
    if (this.chance(2)) out.targetingKey = `user-${this.random.below(1_000_000)}`;
    if (this.chance(2)) out.plan = this.text();
    if (this.chance(2)) out.age = this.random.below(10);
    if (this.chance(2)) out.beta = this.chance(2);
    if (this.chance(2)) out.version = this.version();
    if (this.chance(2)) out.tags = [this.text(), this.text()];
    return out;
  }
}
