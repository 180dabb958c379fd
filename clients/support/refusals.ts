// What the provider of either OpenFeature SDK does when its token is refused, and when it is withdrawn.
import type { ClientOptions } from '@togglecast/client';
import { expect, test } from 'vitest';
import { until, type Server } from './server.js';

interface Provider {
  readonly client: { flag(key: string, fallback: string): string; connect(): void };
}

interface SdkClient {
  readonly providerStatus: string;
  addHandler(event: never, handler: (details?: object) => void): void; // each SDK has an enum of its own
  getStringDetails(key: string, fallback: string): object | Promise<object>;
}

/** What both SDKs have. */
interface Sdk<One> {
  setProviderAndWait(provider: One): Promise<void>;
  getClient(): SdkClient;
}

/** `world` makes a client that sees the flag `layout` with the value `grid`. */
export function testRefusals<One extends Provider>(
  server: Server, sdk: Sdk<One>, create: (options: ClientOptions) => One, world: () => Promise<{ client: { id: number }; key(name: 'layout'): string }>,
): void {
  const make = (more: ClientOptions) => create({ url: server.url, storage: false, ...more });

  test('a refused token is an error', async () => {
    await expect(sdk.setProviderAndWait(make({ token: 'nonsense' }))).rejects.toThrow();
    expect(sdk.getClient().providerStatus).toBe('FATAL');
  });

  test('a token that is withdrawn is an error, and a new one brings it back', async () => {
    const { client: record, key } = await world();
    const first = await server.call<{ id: number; token: string }>('POST', `/api/v1/clients/${record.id}/tokens`, {});
    let { token } = first;
    const provider = make({ getToken: async () => token });
    await sdk.setProviderAndWait(provider);
    const client = sdk.getClient();
    const codes: unknown[] = [];
    client.addHandler('PROVIDER_ERROR' as never, (details: { errorCode?: unknown } = {}) => void codes.push(details.errorCode));
    expect(client.providerStatus).toBe('READY');

    await server.call('DELETE', `/api/v1/clients/${record.id}/tokens/${first.id}`);
    await until(() => client.providerStatus === 'FATAL', 'the error');
    expect(codes).toEqual(['PROVIDER_FATAL']);
    expect(await client.getStringDetails(key('layout'), 'none')).toMatchObject({ value: 'none', errorCode: 'PROVIDER_FATAL' }); // the SDK does not ask a provider that is FATAL
    expect(provider.client.flag(key('layout'), 'none'), 'the client still has its last state').toBe('grid');
    token = await server.issue(record.id);
    provider.client.connect();
    await until(() => client.providerStatus === 'READY', 'READY');
    expect(await client.getStringDetails(key('layout'), 'none')).toMatchObject({ value: 'grid' });
  });
}
