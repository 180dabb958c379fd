// The stock OFREP provider of OpenFeature with its own defaults: it keeps answers in the storage and shows them first.
import { OFREPWebProvider } from '@openfeature/ofrep-web-provider';
import { OpenFeature, ProviderEvents } from '@openfeature/web-sdk';

const { url, flag, ...query } = Object.fromEntries(new URLSearchParams(location.search));
globalThis.token = query.token; // a test renews it
globalThis.seen = [];
const provider = new OFREPWebProvider({
  baseUrl: url,
  headersFactory: async () => [['Authorization', `Bearer ${globalThis.token}`]],
  ...(query.shelf && { cacheKeyGenerator: () => query.shelf }), // one record for all tokens
});
const client = OpenFeature.getClient();
function show() {
  const { value, reason } = client.getStringDetails(flag, 'default');
  const text = `${value} ${reason}`;
  if (globalThis.seen.at(-1) !== text) globalThis.seen.push(text);
  document.body.textContent = text;
}
await OpenFeature.setContext({ targetingKey: 'user-7' });
await OpenFeature.setProviderAndWait(provider).catch(() => {});
show();
for (const event of Object.values(ProviderEvents)) OpenFeature.addHandler(event, show);
