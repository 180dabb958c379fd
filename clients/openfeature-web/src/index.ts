// OpenFeature in pages: the SDK asks synchronously, and the core has the answers.
import { contextOf, ProviderOverClient, resolve, type Emit } from '../../openfeature-shared/provider.js';
import { OpenFeatureEventEmitter, type EvaluationContext, type JsonValue as SdkValue, type Provider, type ProviderEmittableEvents, type ResolutionDetails } from '@openfeature/web-sdk';

/**
 * A provider over a client of its own, or over `client`, whose life is the caller's. It is ready as soon as there is a
 * state: also one of the storage, which is STALE until the server has answered.
 */
export class TogglecastProvider extends ProviderOverClient implements Provider {
  readonly runsOn = 'client';
  readonly events = new OpenFeatureEventEmitter();
  protected readonly emit: Emit = (event, details) => this.events.emit(event as ProviderEmittableEvents, details);

  async initialize(context: EvaluationContext = {}): Promise<void> {
    const { client } = this;
    // Before it connects, a context takes no time. The SDK's empty one is no wish.
    const set = Object.keys(context).length > 0 ? client.setContext(contextOf(context)) : undefined;
    if (this.own) {
      await set;
      client.connect();
    } else set?.catch(() => {}); // refused: the errors of the client say so
    await this.begin();
  }

  async onContextChange(_: EvaluationContext, context: EvaluationContext): Promise<void> {
    const { client } = this;
    const done = client.setContext(contextOf(context));
    if (client.status === 'ready') return done;
    done.catch(() => {}); // the next connection begins with it
  }

  resolveBooleanEvaluation = (key: string, fallback: boolean) => this.#resolve(key, fallback);
  resolveStringEvaluation = (key: string, fallback: string) => this.#resolve(key, fallback);
  resolveNumberEvaluation = (key: string, fallback: number) => this.#resolve(key, fallback);
  resolveObjectEvaluation = <T extends SdkValue>(key: string, fallback: T) => this.#resolve(key, fallback);

  #resolve<T extends SdkValue>(key: string, fallback: T): ResolutionDetails<T> {
    return resolve(this.client.details(key), fallback, this.client.status === 'ready');
  }
}
