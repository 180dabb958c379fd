// The live connection of the page to /admin: its state, its events, and who watches which entity. One for each session.
import type { Admin, AdminServerEvents, AdminSocket, EntityType, RolloutProgress, Schemas } from '@togglecast/admin';
import type { SystemStatus } from './system-status';
import { RecentUpdates, type LiveUpdate } from './updates';

export type ConnectionState = 'connecting' | 'live' | 'reconnecting' | 'offline';

export interface Viewer {
  id: number;
  username: string;
}

export interface LiveHandlers {
  /** Updates in order, a few milliseconds of them at once. */
  onUpdates(updates: LiveUpdate[]): void;
  /** What the page has read may be old: read it again. */
  onStale(): void;
  /** The server ended the session. */
  onEnded(message: string): void;
  /** The session goes on, but may only set up a second factor. */
  onFactorRequired(): void;
}

const kOfflineAfter = 10_000; // ms without a connection until the page says "offline"
const kGather = 40;           // ms of events that are put into the page at once, so that it renders once for all of them

type Watched = `${string}:${number}`;

export class Live {
  readonly recent = new RecentUpdates();
  readonly socket: AdminSocket;
  #handlers: LiveHandlers;
  #state: ConnectionState = 'connecting';
  #listeners = new Set<() => void>();
  #waiting: LiveUpdate[] = [];
  #heard = false;
  #flush: ReturnType<typeof setTimeout> | undefined;
  #giveUp: ReturnType<typeof setTimeout> | undefined;
  #watched = new Map<Watched, { users: number; presence: Viewer[]; progress: Map<number, RolloutProgress> }>();
  #watchers = new Set<() => void>();
  #connectedBefore = false;
  #status: SystemStatus | undefined;

  constructor(admin: Admin, handlers: LiveHandlers) {
    this.#handlers = handlers;
    this.socket = admin.socket;
    this.#listen();
    this.#setState('connecting');
    this.#giveUp = setTimeout(() => this.#state !== 'live' && this.#setState('offline'), kOfflineAfter);
  }

  close() {
    clearTimeout(this.#flush);
    clearTimeout(this.#giveUp);
    this.#listeners.clear();
    this.socket.removeAllListeners();
    this.socket.disconnect();
  }

  subscribe = (listener: () => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };
  getState = () => this.#state;
  getStatus = () => this.#status;

  /** Tries again at once instead of at the next regular attempt. */
  retry() {
    this.socket.disconnect().connect();
  }

  /** Hears any event of the server. The answer ends it. */
  on<Name extends keyof AdminServerEvents>(event: Name, handler: AdminServerEvents[Name]): () => void {
    this.socket.on(event, handler as never);
    return () => void this.socket.off(event, handler as never);
  }

  /** Presence and rollouts of this entity arrive from now on; `change` with a revision: the rollout of that change. */
  watch(entityType: string, id: number): () => void {
    const name: Watched = `${entityType}:${id}`;
    const known = this.#watched.get(name) ?? { users: 0, presence: [], progress: new Map() };
    this.#watched.set(name, known);
    if (++known.users === 1 && this.socket.connected) this.#subscribe(name);
    return () => {
      if (--known.users > 0) return;
      this.#watched.delete(name);
      if (this.socket.connected) this.socket.emit('unsubscribe_entity_updates', { entity_type: entityType, entity_id: id }, () => {});
    };
  }

  subscribeToWatched = (listener: () => void) => {
    this.#watchers.add(listener);
    return () => void this.#watchers.delete(listener);
  };
  viewersOf = (entityType: string, id: number): Viewer[] => this.#watched.get(`${entityType}:${id}`)?.presence ?? kNobody;
  progressOf = (entityType: string, id: number, revision: number): RolloutProgress | undefined =>
    this.#watched.get(`${entityType}:${id}`)?.progress.get(revision);

  #listen() {
    const { socket } = this;
    socket.on('connect', () => {
      clearTimeout(this.#giveUp);
      this.#setState('live');
      for (const name of this.#watched.keys()) this.#subscribe(name);
    });
    socket.on('disconnect', (reason) => {
      if (reason === 'io client disconnect') return;
      this.#lost();
    });
    socket.on('connect_error', () => this.#lost());
    socket.on('admin_connected', () => {
      this.#setStatus(undefined);
      // The first time, everything that the page has read is newer than this page itself; later, something may be missing.
      if (this.#connectedBefore) this.#handlers.onStale();
      this.#connectedBefore = true;
    });
    socket.on('admin_resumed', () => {
      this.#setStatus(undefined);
      this.#connectedBefore = true;
    });
    // Comes behind the first event of a connection, unless all is well.
    socket.on('system_status', (status) => this.#setStatus(status));
    socket.on('config_sync', () => {
      this.recent.clear();
      this.#handlers.onStale();
    });
    socket.on('config_status', (status) => void ('reload' in status && status.reload && this.#handlers.onStale()));
    socket.on('session_ended', ({ reason, message }) => {
      if (reason === 'second_factor_setup_required') this.#handlers.onFactorRequired();
      // A token that came too late is renewed, and the connection with it.
      else if (reason !== 'token_expired' && reason !== 'no_token') this.#handlers.onEnded(`Your session has ended: ${kEnds[reason] ?? message}.`.replace(/\.\.$/, '.'));
    });

    socket.on('platform_update', (update) => this.#take('platform', update.platform_id, update));
    socket.on('feature_update', (update) => this.#take('feature', update.feature_id, update));
    socket.on('package_update', (update) => this.#take('package', update.package_id, update));
    socket.on('entity_update', (update) => this.#take(update.entity_type, update.entity_id, update));

    socket.on('entity_presence', ({ entity_type, entity_id, viewers }) => {
      const known = this.#watched.get(`${entity_type}:${entity_id}`);
      if (known) known.presence = viewers;
      this.#tellWatchers();
    });
    socket.on('rollout_progress', (progress) => {
      for (const name of [`${progress.entity_type}:${progress.entity_id}`, `change:${progress.revision}`] as Watched[])
        this.#watched.get(name)?.progress.set(progress.revision, progress);
      this.#tellWatchers();
    });
  }

  #lost() {
    if (this.#state !== 'live') return; // the time until "offline" runs already
    this.#setState('reconnecting');
    clearTimeout(this.#giveUp);
    this.#giveUp = setTimeout(() => this.#setState('offline'), kOfflineAfter);
  }

  #subscribe(name: Watched) {
    const [entity_type, id] = name.split(':') as [string, string];
    this.socket.emit('subscribe_entity_updates', { entity_type, entity_id: Number(id) }, (reply) => {
      if ('error' in reply || entity_type !== 'change') return;
      const known = this.#watched.get(name);
      const progress = progressIn(reply.entity_id, reply.epoch, reply.data as unknown as Schemas['RolloutNumbers']);
      if (known && !known.progress.has(progress.revision)) known.progress.set(progress.revision, progress);
      this.#tellWatchers();
    });
  }

  #take(entityType: EntityType, id: number, update: { type: LiveUpdate['type']; data: unknown; revision: number; epoch: number; actor: LiveUpdate['actor']; environment?: 'system' }) {
    const { type, revision, epoch, actor } = update;
    const taken: LiveUpdate = { entityType, id, type, data: update.data as LiveUpdate['data'], revision, epoch: update.environment ? 0 : epoch, actor };
    this.recent.add(taken);
    this.#waiting.push(taken);
    this.#gather();
  }

  #gather() {
    this.#flush ??= setTimeout(() => {
      const [updates, heard] = [this.#waiting, this.#heard];
      this.#waiting = [];
      this.#heard = false;
      this.#flush = undefined;
      if (updates.length > 0) this.#handlers.onUpdates(updates);
      if (heard) for (const listener of this.#watchers) listener();
    }, kGather);
  }

  #setState(state: ConnectionState) {
    if (state === this.#state) return;
    this.#state = state;
    for (const listener of this.#listeners) listener();
  }

  #setStatus(status: SystemStatus | undefined) {
    if (status === this.#status) return;
    this.#status = status;
    for (const listener of this.#listeners) listener();
  }

  #tellWatchers() {
    this.#heard = true;
    this.#gather();
  }
}

const kNobody: Viewer[] = [];
// Where the server's words are for programs.
const kEnds: { [reason: string]: string | undefined } = { revoked: 'the key that signed its token was retired. Log in again' };

/** The numbers of a change, as the subscription to it answers, in the form of the event. */
export function progressIn(revision: number, epoch: number, numbers: Schemas['RolloutNumbers']): RolloutProgress {
  const { open, ...rest } = numbers;
  return { ...rest, entity_type: 'change', entity_id: revision, revision, epoch, done: !open, timestamp: '' };
}
