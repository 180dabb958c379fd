// Copies of the configuration as clients keep them, by docs/protocol.md: a full state replaces a copy, a push changes it
// once its last event has come, a resumed connection leaves it as it is. Whatever the contract does not allow is noted.
import { isDeepStrictEqual } from 'node:util';

const kRemembered = 24;

const byId = (list) => new Map(list.map((one) => [one.id, one]));
const sorted = (map) => [...map.values()].sort((a, b) => a.id - b.id);

/** What all copies have in common: the order of what one connection after the other brings. */
class OrderedCopy {
  /** `problem(text)` hears of everything that may not happen. */
  constructor(name, problem) {
    this.name = name;
    this.problem = (text) => problem(`${name}: ${text}\n${this.history.map((line) => `      ${line}`).join('\n')}`);
    this.history = [];
    this.events = 0;
    this.resumes = 0;
    this.states = 0;
    this.revision = null; // of the last full state or complete push
    this.epoch = null;
    this.began = false; // this connection has had its first event
    this.push = [];
  }

  /** The connection has ended. A push that it cut off is worth nothing. */
  ended() {
    this.began = false;
    this.told = undefined;
    this.push = [];
    this.note('(the connection ended)');
  }

  note(line) {
    this.history.push(line);
    if (this.history.length > kRemembered) this.history.shift();
  }

  noteEvent(event, [body, offset]) {
    this.events += 1;
    this.note(`${event} ${JSON.stringify(body).slice(0, 160)} ${offset ?? ''}`);
  }

  resume(body) {
    if (this.revision === null) this.problem('resumed without a state to go on from');
    if (this.began) this.problem('resumed in the middle of a connection');
    this.mayNotGoBack(body);
    this.resumes += 1;
    this.isAt(body);
  }

  isAt({ revision, epoch }) {
    this.began = true;
    this.revision = this.told = revision;
    this.epoch = epoch;
  }

  mayNotGoBack({ revision, epoch }) {
    if (!Number.isSafeInteger(revision) || !Number.isSafeInteger(epoch)) this.problem('an event without revision and epoch');
    if (this.epoch !== null && epoch !== this.epoch) this.problem(`epoch ${epoch} after ${this.epoch}, though no history was lost`);
    if (this.revision !== null && revision < this.revision) this.problem(`revision ${revision} after ${this.revision}`);
  }

  /** One event of a push. `order`: its place among the others; `apply(body)` is called when the push is complete. */
  update(event, order, body, offset, apply) {
    if (!this.began) return this.problem(`${event} before the first state`);
    this.mayNotGoBack(body);
    if (this.told !== undefined && body.revision <= this.told) this.problem(`a push to ${body.revision} on a connection that was told ${this.told}`);
    if ((body.type === 'delete') !== (body.data === null)) this.problem(`${event} ${body.type} with data ${JSON.stringify(body.data)}`);
    const place = body.type === 'delete' ? 0 : order;
    const last = this.push.at(-1);
    if (last && last.body.revision !== body.revision) this.problem(`revision ${body.revision} within a push to ${last.body.revision}`);
    if (last && last.place > place) this.problem(`${event} ${body.type} behind ${last.event} ${last.body.type}`);
    if (body.more !== (offset === undefined)) this.problem(`more: ${body.more} with the offset ${offset}`);
    this.push.push({ event, body, place, apply });
    if (body.more) return;
    for (const one of this.push) one.apply(one.body);
    this.push = [];
    this.isAt(body);
  }

  /** Changes a list of entities, in which what is created is new, and all else is known. */
  change(list, event, id, { type, data }) {
    if (list.has(id) !== (type !== 'create')) this.problem(`${event} ${type} of ${id}, which the copy ${list.has(id) ? 'has' : 'does not have'}`);
    if (type === 'delete') list.delete(id);
    else list.set(id, data);
  }

  /** What the copy has and `fresh`, the truth, has not. Empty: nothing. */
  difference(fresh) {
    if (this.revision === null) return 'no state yet';
    if (!this.began) return 'not connected';
    const own = this.view;
    for (const part of Object.keys(own)) {
      if (isDeepStrictEqual(own[part], fresh[part])) continue;
      const [is, should] = [own[part], fresh[part]].map((value) => JSON.stringify(value).slice(0, 1000));
      return `${part} as of ${this.revision}: ${is}\n    should be ${should}`;
    }
    return '';
  }
}

/** What a connection of /client sees. */
export class Copy extends OrderedCopy {
  /** One event of the connection. Events that are not about configuration are passed over. */
  hear(event, args) {
    this.noteEvent(event, args);
    const [body, offset] = args;
    if (event === 'client_connected') this.#begin(body, body);
    if (event === 'config_sync') this.#begin(body, body.snapshot);
    if (event === 'client_resumed') this.resume(body);
    if (event === 'client_update') this.update(event, 1, body, offset, ({ data }) => (this.client = data));
    if (event === 'platform_update') this.update(event, 2, body, offset, (one) => this.change(this.platforms, event, one.platform_id, one));
    if (event === 'feature_update') this.update(event, 3, body, offset, (one) => this.change(this.features, event, one.feature_id, one));
    if (event === 'package_update') this.update(event, 4, body, offset, ({ data }) => (this.package = data));
  }

  #begin(body, view) {
    if (this.push.length > 0) this.problem('a full state in the middle of a push');
    this.mayNotGoBack(body);
    this.isAt(body);
    this.states += 1;
    this.client = view.client;
    this.package = view.package;
    this.platforms = byId(view.platforms);
    this.features = byId(view.features);
  }

  get view() {
    return { client: this.client, package: this.package, platforms: sorted(this.platforms), features: sorted(this.features) };
  }
}

const kKinds = ['platform', 'feature', 'segment', 'package', 'client', 'token'];

/**
 * What a page of an admin holds: a state that it has read while nobody wrote, and all updates since. A connection that
 * begins from nothing makes it worthless, because a page cannot know what it missed.
 */
export class AdminCopy extends OrderedCopy {
  hear(event, args) {
    this.noteEvent(event, args);
    const [body, offset] = args;
    if (event === 'admin_connected') {
      this.mayNotGoBack(body);
      this.isAt(body);
      this.states += 1;
      this.lists = undefined;
    }
    if (event === 'admin_resumed') this.resume(body);
    const kind = /^(platform|feature|package|entity)_update$/.exec(event)?.[1];
    if (kind === undefined || body.environment === 'system') return;
    // Without lists there is nothing to change; the events are ordered all the same.
    this.update(event, 1, body, offset, (one) => {
      const type = kind === 'entity' ? one.entity_type : kind;
      if (this.lists) this.change(this.lists[type], event, one[`${kind}_id`], one);
    });
  }

  /** The `state` of GET /api/v1/state, while nobody writes. */
  read(state) {
    this.lists = Object.fromEntries(kKinds.map((kind) => [kind, byId(state[`${kind}s`])]));
  }

  get view() {
    return Object.fromEntries(kKinds.map((kind) => [`${kind}s`, sorted(this.lists[kind])]));
  }
}
