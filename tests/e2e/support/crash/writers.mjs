// Admins that change a catalogue through REST, one request after the other, each with an Idempotency-Key of its own. A
// request whose answer does not come is sent again with the same key until it is answered, across any number of crashes.
import { randomUUID } from 'node:crypto';

const kAnswerTime = 60_000;
const pause = (ms) => new Promise((over) => setTimeout(over, ms));

/** A write that must be answered, and what was answered. */
export async function write(where, { method, target, body }) {
  const key = randomUUID();
  for (let attempts = 1; ; attempts++) {
    if (where.over) throw new Error('the run is over');
    let answer;
    try {
      answer = await fetch(where.url + target, {
        method,
        headers: {
          Authorization: `Bearer ${where.admin}`,
          'Idempotency-Key': key,
          ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
        signal: AbortSignal.timeout(kAnswerTime),
      });
      const text = await answer.text();
      if (answer.status < 300) {
        return { method, target, key, attempts, body: text ? JSON.parse(text) : undefined, revision: Number(answer.headers.get('togglecast-revision')), replayed: answer.headers.get('idempotency-replayed') === 'true' };
      }
      const comeBack = [429, 503].includes(answer.status) && Number(answer.headers.get('retry-after')) >= 1;
      if (!comeBack) throw Object.assign(new Error(`${method} ${target} answered ${answer.status}: ${text}`), { final: true });
    } catch (error) {
      if (error.final) throw error;
    }
    await pause(20);
  }
}

/** Does one `step` after the other until `stop`; `pause` waits for the one under way, `go` lets it go on. */
export class Steady {
  start() {
    this.gate = Promise.resolve();
    this.idle = Promise.resolve();
    this.running = (async () => {
      while (!this.stopped) {
        await this.gate;
        if (this.stopped) return;
        this.idle = this.step();
        await this.idle;
      }
    })();
    this.running.catch((error) => this.where.over || this.problem(`${this.name}: ${error.message}`));
  }

  async pause() {
    this.gate = new Promise((open) => (this.open = open));
    await this.idle.catch(() => {});
  }

  go() {
    this.open?.();
  }

  stop() {
    this.stopped = true;
    this.go();
  }
}

/** Writes to entities that it alone changes, so that each request is known to change something. */
export class Writer extends Steady {
  /** `owned`: {platforms, features, packages, tenants}, lists of entities as the API answers them. */
  constructor(where, name, owned, random, problem) {
    super();
    Object.assign(this, { where, name, owned, random, problem });
    this.acknowledged = []; // {type, id, revision, mark?}
    this.marks = 0;
    this.extra = [];
    this.assigned = new Set();
    this.overridden = new Set();
  }

  #mark() {
    return `${this.name}-${++this.marks}`;
  }

  async #do(type, id, request, mark) {
    const { body, revision, replayed } = await write(this.where, request);
    this.acknowledged.push({ type, id: id ?? body.id, revision, mark, replayed, request: `${request.method} ${request.target}` });
    this.where.onWrite?.();
    return body;
  }

  #patch(type, one, body) {
    const mark = this.#mark();
    return this.#do(type, one.id, { method: 'PATCH', target: `/api/v1/${type}s/${one.id}`, body: { name: mark, ...body } }, mark);
  }

  async #toggle(type, one, name) {
    one[name] = !one[name];
    await this.#do(type, one.id, { method: 'POST', target: `/api/v1/${type}s/${one.id}/toggle`, body: { [name]: one[name] } });
  }

  /** One change of a random kind. */
  async step() {
    const { random, owned } = this;
    const [platform, feature, plan, tenant] = ['platforms', 'features', 'packages', 'tenants'].map((list) => random.of(owned[list]));
    switch (random.below(14)) {
      case 0: return this.#patch('platform', platform, { config: { mark: this.marks } });
      case 1: return this.#toggle('platform', platform, 'enabled');
      case 2: return this.#patch('feature', feature, { targeting: { if: [{ '==': [{ var: 'client.tier' }, random.of(['gold', 'silver'])] }, 'on', 'off'] } });
      case 3: return this.#toggle('feature', feature, 'enabled');
      case 4: return this.#patch('feature', feature, { platforms: random.below(2) ? [platform.id] : [] });
      case 5: return this.#assignment(plan, feature);
      case 6: return this.#patch('package', plan, { price: { amount: random.below(10_000), currency: 'EUR' } });
      case 7: return this.#patch('client', tenant, { package_id: random.below(4) ? random.of(owned.packages).id : null });
      case 8: return this.#override(tenant, feature);
      case 9: return this.#patch('client', tenant, { attributes: { tier: random.of(['gold', 'silver', 'none']), shown: this.marks } });
      case 10: return this.#toggle('client', tenant, 'active');
      case 11: return this.#patch('segment', random.of(owned.segments), { rule: { '==': [{ var: 'client.tier' }, random.of(['gold', 'silver', 'none'])] } });
      default: return this.#comingAndGoing(plan);
    }
  }

  async #assignment(plan, feature) {
    const place = `${plan.id}/${feature.id}`;
    const target = `/api/v1/packages/${plan.id}/features/${feature.id}`;
    if (this.assigned.delete(place)) return void (await this.#do('package', plan.id, { method: 'DELETE', target }));
    this.assigned.add(place);
    await this.#do('package', plan.id, { method: 'PUT', target, body: { limit: ++this.marks } });
  }

  async #override(tenant, feature) {
    const place = `${tenant.id}/${feature.id}`;
    const target = `/api/v1/clients/${tenant.id}/overrides/${feature.id}`;
    if (this.overridden.delete(place)) return void (await this.#do('client', tenant.id, { method: 'DELETE', target }));
    this.overridden.add(place);
    const body = this.random.below(3) === 0 ? { removed: true } : { value: this.random.below(2) === 0 };
    await this.#do('client', tenant.id, { method: 'PUT', target, body: { ...body, reason: this.#mark() } });
  }

  // A platform is in every view at once; a feature that this package assigns is in those of its clients.
  async #comingAndGoing(plan) {
    const old = this.extra.length > 2 && this.extra.shift();
    if (old) return void (await this.#do(old.type, old.id, { method: 'DELETE', target: `/api/v1/${old.type}s/${old.id}?force=true` }));
    const type = this.random.of(['platform', 'feature']);
    const mark = this.#mark();
    const { id } = await this.#do(type, undefined, { method: 'POST', target: `/api/v1/${type}s`, body: { key: mark, name: mark } }, mark);
    this.extra.push({ type, id });
    if (type === 'feature') await this.#do('package', plan.id, { method: 'PUT', target: `/api/v1/packages/${plan.id}/features/${id}`, body: { limit: ++this.marks } });
  }

  /** A change that asks for confirmation. Answers its revision. */
  async confirmed() {
    const [platform] = this.owned.platforms;
    platform.enabled = !platform.enabled;
    await this.#do('platform', platform.id, { method: 'POST', target: `/api/v1/platforms/${platform.id}/toggle?confirm=true`, body: { enabled: platform.enabled } });
    return this.acknowledged.at(-1).revision;
  }
}
