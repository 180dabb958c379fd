// OpenFeature in services: one connection, and a context for each request.
import type { Context, JsonValue, Refusal } from '@togglecast/client';
import { contextOf, failed, ProviderOverClient, resolve, type Emit, type Known, type ProviderOptions } from '../../openfeature-shared/provider.js';
import {
  ErrorCode, OpenFeatureEventEmitter, type EvaluationContext, type JsonValue as SdkValue, type Provider, type ProviderEvents, type ResolutionDetails,
} from '@openfeature/server-sdk';

export interface ProviderSettings {
  /** Answers for contexts of requests are kept so long without asking if anything has changed, in ms. Default 1000. */
  freshFor?: number;
  /** How many of them are kept. Default 10,000. */
  remember?: number;
  /** How long an answer for the context of a request may take, in ms. Default 5000. */
  patience?: number;
}

type Found = { answer: Known | undefined; fresh: boolean };

/**
 * Answers without a context come from the state of the connection. An answer for the context of a request comes from the
 * server, and is kept until the revision of the environment moves; that is asked for at most once in `freshFor`.
 */
export class TogglecastProvider extends ProviderOverClient implements Provider {
  readonly runsOn = 'server';
  readonly events = new OpenFeatureEventEmitter();
  protected readonly emit: Emit = (event, details) => this.events.emit(event as ProviderEvents, details);
  #freshFor: number;
  #remember: number;
  #patience: number;
  #kept = new Map<string, Promise<Known | undefined>>();
  #revision = 0; // of the environment, when it was last asked for
  #askedAt = -Infinity;
  #asking: Promise<void> | undefined;

  constructor({ freshFor = 1000, remember = 10_000, patience = 5000, ...options }: ProviderOptions & ProviderSettings) {
    super(options);
    this.#freshFor = freshFor;
    this.#remember = remember;
    this.#patience = patience;
  }

  async initialize(): Promise<void> {
    const { client } = this;
    this.ways.push(client.on('change', () => this.#kept.clear()));
    if (this.own) client.connect();
    await this.begin();
  }

  resolveBooleanEvaluation = (key: string, fallback: boolean, context: EvaluationContext) => this.#resolve(key, fallback, context);
  resolveStringEvaluation = (key: string, fallback: string, context: EvaluationContext) => this.#resolve(key, fallback, context);
  resolveNumberEvaluation = (key: string, fallback: number, context: EvaluationContext) => this.#resolve(key, fallback, context);
  resolveObjectEvaluation = <T extends SdkValue>(key: string, fallback: T, context: EvaluationContext) => this.#resolve(key, fallback, context);

  async #resolve<T extends SdkValue>(key: string, fallback: T, context: EvaluationContext): Promise<ResolutionDetails<T>> {
    const { client } = this;
    if (Object.keys(context).length === 0) return resolve(client.details(key), fallback, client.status === 'ready');
    try {
      const { answer, fresh } = await this.#find(key, contextOf({ ...client.context, ...context }));
      return resolve(answer, fallback, fresh);
    } catch (error) {
      return failed(fallback, ErrorCode.GENERAL, (error as Error).message);
    }
  }

  async #find(key: string, context: Context): Promise<Found> {
    const name = JSON.stringify([key, context]);
    const ready = this.client.status === 'ready';
    if (ready) await this.#renew();
    const kept = this.#kept.get(name);
    if (kept) return { answer: await kept, fresh: ready };
    if (!ready) throw new Error('there is no connection, and no answer for this context is kept');
    const answer = this.#ask(key, context);
    if (this.#kept.size >= this.#remember) this.#kept.delete(this.#kept.keys().next().value!);
    this.#kept.set(name, answer);
    answer.catch(() => this.#kept.get(name) === answer && this.#kept.delete(name));
    return { answer: await answer, fresh: true };
  }

  /** Forgets what is kept when the environment has moved on. One heartbeat answers for all requests of a moment. */
  #renew(): Promise<void> {
    if (this.#asking) return this.#asking;
    if (performance.now() - this.#askedAt < this.#freshFor) return Promise.resolve();
    this.#asking = this.#request<{ revision: number }>('heartbeat', {}).then(({ revision }) => {
      if (revision !== this.#revision) this.#kept.clear();
      this.#revision = revision;
      this.#askedAt = performance.now();
    }).catch(() => {}).finally(() => (this.#asking = undefined)) as Promise<void>;
    return this.#asking;
  }

  async #ask(feature: string, context: Context): Promise<Known | undefined> {
    const end = performance.now() + this.#patience;
    for (let wait = 50; ; wait *= 2) {
      const reply = await this.#request<Known | Refusal>('feature_check', { feature, context });
      if (!('error' in reply)) return reply;
      if (reply.error.code === 'not_found') return undefined;
      const pause = wait * (0.5 + Math.random());
      if (reply.error.code !== 'rate_limited' || performance.now() + pause > end) throw new Error(reply.error.message);
      await new Promise((next) => setTimeout(next, pause));
    }
  }

  #request<Reply>(name: string, request: { [member: string]: JsonValue }): Promise<Reply> {
    const socket = this.client.socket.timeout(this.#patience) as unknown as { emitWithAck(name: string, request: unknown): Promise<Reply> };
    return socket.emitWithAck(name, request);
  }
}
