// @vitest-environment happy-dom
import { type Client } from '@togglecast/client';
import { createSSRApp, createApp, defineComponent, h, nextTick, ref, type Component } from 'vue';
import { renderToString } from 'vue/server-renderer';
import { expect, onTestFinished, test, vi } from 'vitest';
import {
  createTogglecast, Feature, useEntitlement, useFlag, useFlagDetails, usePlan, usePlatform, useSyncStatus, useTogglecast,
} from '../src/index.js';
import { createTestClient, createTestPlugin, type TestClient } from '../src/testing.js';

function mount(component: Component, client: TestClient) {
  const place = document.createElement('div');
  const app = createApp(component).use(createTestPlugin(client));
  onTestFinished(() => app.unmount());
  app.mount(place);
  return () => place.textContent;
}

test('every composable answers, and follows', async () => {
  const client = createTestClient({ flags: { chat: true, 'chat/files': false, layout: 'grid', rows: 10 }, limits: { chat: 5 }, platforms: { web: { theme: 'dark' } }, plan: 'pro' });
  const text = mount(defineComponent(() => {
    const may = useEntitlement('chat');
    const parts = [
      useFlag('chat', false), useFlag('chat/files', true), useFlag('layout', 'list'), useFlag('rows', 1), useFlag('unknown', 'none'),
    ];
    const details = useFlagDetails('layout');
    const web = usePlatform('web');
    const plan = usePlan();
    const sync = useSyncStatus();
    return () => h('p', [
      ...parts.map(({ value }) => value), details.value?.reason, web.value?.config['theme'], plan.value?.key,
      may.value.allowed, may.value.limit, may.value.rule, may.value.plan?.key, sync.value.status,
    ].map(String).join(' '));
  }), client);
  expect(text()).toBe('true false grid 10 none STATIC dark pro true 5 default_variant pro ready');
  client.set({ flags: { chat: false, layout: 'list' }, plan: null, status: 'offline' });
  await nextTick();
  expect(text()).toBe('false true list 1 none STATIC dark undefined false 0 feature_disabled undefined offline');
});

test('a component is updated only for what it uses, and a key may change', async () => {
  const client = createTestClient({ flags: { chat: true, layout: 'grid' } });
  const renders = vi.fn();
  const key = ref('chat');
  const text = mount(defineComponent(() => {
    const flag = useFlag(key, false);
    return () => (renders(), h('b', String(flag.value)));
  }), client);
  client.set({ flags: { chat: true, layout: 'list' } });
  await nextTick();
  expect([text(), renders.mock.calls.length]).toEqual(['true', 1]);
  client.set({ flags: { chat: false, layout: 'list' } });
  await nextTick();
  expect([text(), renders.mock.calls.length]).toEqual(['false', 2]);
  client.set({ flags: { chat: false, other: true } });
  key.value = 'other';
  await nextTick();
  expect(text()).toBe('true');
});

test('<Feature> shows its slot or the fallback', async () => {
  const client = createTestClient({ flags: { chat: false } });
  const text = mount(() => h(Feature, { flag: 'chat' }, { default: () => 'chat', fallback: () => 'no chat' }), client);
  expect(text()).toBe('no chat');
  client.set({ flags: { chat: true } });
  await nextTick();
  expect(text()).toBe('chat');
});

test('the server renders from the bootstrap, and does not connect', async () => {
  const { identity, plan } = createTestClient().getSnapshot().state!;
  const answer = { key: 'layout', enabled: true, value: 'grid', variant: 'grid', reason: 'STATIC', rule: 'default_variant' } as const;
  const bootstrap = { revision: 1, epoch: 1, client: identity, package: plan, platforms: [], features: [{ ...answer, id: 1, name: 'Layout', sub_features: {} }] };
  let client: Client | undefined;
  const Page = defineComponent(() => {
    client = useTogglecast();
    const layout = useFlag('layout', 'none');
    return () => h('p', layout.value);
  });
  const app = createSSRApp(Page).use(createTogglecast({ bootstrap, storage: false }));
  expect(await renderToString(app)).toBe('<p>grid</p>');
  expect(client!.status).toBe('stale');

  const place = document.createElement('div');
  place.innerHTML = '<p>grid</p>';
  const warnings = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const page = createSSRApp(Page).use(createTogglecast({ url: 'http://localhost:1', token: 'x', bootstrap, storage: false }));
  page.mount(place);
  page.unmount();
  expect([client!.status, warnings.mock.calls]).toEqual(['offline', []]);
});

test('a composable without the plugin says so', () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {});
  const app = createApp(defineComponent(() => (useFlag('chat', false), () => 'x')));
  expect(() => app.mount(document.createElement('div'))).toThrow('does not use the plugin');
});
