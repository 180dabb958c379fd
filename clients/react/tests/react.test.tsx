// @vitest-environment happy-dom
import { createClient, type Client } from '@togglecast/client';
import { createTestClient, type TestState } from '@togglecast/client/testing';
import { act, StrictMode, useEffect, version, type ReactNode } from 'react';
import { version as versionOfDom } from 'react-dom';
import { createRoot, hydrateRoot } from 'react-dom/client';
import { renderToString } from 'react-dom/server';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import {
  Feature, StoreProvider, TogglecastProvider, useEntitlement, useFlag, useFlagDetails, usePlan, usePlatform, useSyncStatus, useTogglecast,
} from '../src/index.js';
import { TestProvider } from '../src/testing.js';
import { proxyTo, Server, until } from '../../support/server.js';

(globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean }).IS_REACT_ACT_ENVIRONMENT = true;
afterEach(() => localStorage.clear());

function render(children: ReactNode) {
  const place = document.createElement('div');
  const root = createRoot(place);
  onTestFinished(() => act(() => root.unmount()));
  act(() => root.render(children));
  return { text: () => place.textContent, again: (next: ReactNode) => act(() => root.render(next)) };
}

const dehydrated = (state: TestState) => {
  const { flags, platforms, plan, identity } = createTestClient(state).getSnapshot().state!;
  return {
    revision: 1, epoch: 1, client: identity, package: plan, platforms: [...platforms.values()],
    features: [...flags.values()].map((one, index) => ({ ...one, id: index + 1, name: one.key, sub_features: {} })),
  };
};

test('this is the React of the project of Vitest', () => {
  const major = process.env['REACT_MAJOR'];
  expect([version, versionOfDom].map((text) => text.split('.')[0])).toEqual([major, major]);
});

test('every hook answers, and follows', () => {
  const store = createTestClient({ flags: { chat: true, 'chat/files': false, layout: 'grid', rows: 10 }, limits: { chat: 5 }, platforms: { web: { theme: 'dark' } }, plan: 'pro' });
  function Page() {
    const { allowed, limit, rule, plan } = useEntitlement('chat');
    const parts = [
      useFlag('chat', false), useFlag('chat/files', true), useFlag('layout', 'list'), useFlag('rows', 1), useFlag('unknown', 'none'),
      useFlagDetails('layout')?.reason, usePlatform('web')?.config['theme'], usePlan()?.key, allowed, limit, rule, plan?.key, useSyncStatus().status,
    ];
    return <p>{parts.map(String).join(' ')}</p>;
  }
  const { text } = render(<StoreProvider store={store}><Page /></StoreProvider>);
  expect(text()).toBe('true false grid 10 none STATIC dark pro true 5 default_variant pro ready');
  act(() => store.set({ flags: { chat: false, layout: 'list' }, plan: null, status: 'offline' }));
  expect(text()).toBe('false true list 1 none STATIC dark undefined false 0 feature_disabled undefined offline');
});

test('a component renders again only for what it uses', () => {
  const store = createTestClient({ flags: { chat: true, layout: 'grid', theme: { colour: 'red' } } });
  const chat = vi.fn(() => <b>{String(useFlag('chat', false))}</b>);
  const theme = vi.fn(() => <i>{useFlag('theme', { colour: 'none' }).colour}</i>);
  const Chat = chat;
  const Theme = theme;
  const { text } = render(<StoreProvider store={store}><Chat /><Theme /></StoreProvider>);
  expect([text(), chat.mock.calls.length, theme.mock.calls.length]).toEqual(['truered', 1, 1]);
  act(() => store.set({ flags: { chat: true, layout: 'list', theme: { colour: 'red' } } }));
  expect([chat.mock.calls.length, theme.mock.calls.length]).toEqual([1, 1]);
  act(() => store.set({ flags: { chat: false, layout: 'list', theme: { colour: 'red' } } }));
  expect([text(), chat.mock.calls.length, theme.mock.calls.length]).toEqual(['falsered', 2, 1]);
});

test('<Feature> shows its children or the fallback; the test provider follows its props', () => {
  const page = (on: boolean) => (
    <TestProvider flags={{ chat: on }}><Feature flag="chat" fallback="no chat">chat</Feature> <Feature flag="unknown">never</Feature></TestProvider>
  );
  const { text, again } = render(page(false));
  expect(text()).toBe('no chat ');
  again(page(true));
  expect(text()).toBe('chat ');
});

test('a rendered page is hydrated from its bootstrap without a difference, even if the storage knows more', async () => {
  const bootstrap = dehydrated({ flags: { layout: 'grid' } });
  const Page = () => <p>{useFlag('layout', 'none')}</p>;
  const html = renderToString(<TogglecastProvider bootstrap={bootstrap} storage={false}><Page /></TogglecastProvider>);
  expect(html).toBe('<p>grid</p>');

  const place = document.createElement('div');
  place.innerHTML = html;
  const newer = { ...dehydrated({ flags: { layout: 'list' } }), revision: 2 };
  const token = 'header.claims.signature';
  const record = (view: string) => JSON.stringify({ version: 1, view, asOf: Date.now(), state: newer });
  const view = JSON.stringify(['', 'claims', null]);
  const storage = { getItem: () => record(view), setItem: () => {}, removeItem: () => {} };
  const client = createClient({ token, bootstrap, storage, connect: false });
  expect(client.flag('layout', 'none')).toBe('list');
  const problems: unknown[] = [];
  const root = await act(() => hydrateRoot(place, <TogglecastProvider client={client}><Page /></TogglecastProvider>, {
    onRecoverableError: (error) => problems.push(error),
  }));
  onTestFinished(() => act(() => root.unmount()));
  expect(problems).toEqual([]);
  expect(place.textContent).toBe('list');
});

test('the provider connects its own client, and closes it', () => {
  let client: Client | undefined;
  const Page = () => {
    client = useTogglecast();
    return useSyncStatus().status;
  };
  const place = document.createElement('div');
  const root = createRoot(place);
  act(() => root.render(<TogglecastProvider url="http://localhost:1" token="x" storage={false}><Page /></TogglecastProvider>));
  expect(place.textContent).toBe('connecting');
  act(() => root.unmount());
  expect(client!.status).toBe('offline');
  expect(client!.socket.active).toBe(false);
});

test('in StrictMode, where effects run twice, one client has one connection', async () => {
  const acting = globalThis as { IS_REACT_ACT_ENVIRONMENT?: boolean };
  acting.IS_REACT_ACT_ENVIRONMENT = false; // as in a page: React decides when it renders
  const server = new Server();
  const place = document.createElement('div');
  const root = createRoot(place);
  onTestFinished(async () => {
    root.unmount();
    acting.IS_REACT_ACT_ENVIRONMENT = true;
    await server.end();
  });
  await server.start('--cors-origin', location.origin);
  const proxy = await proxyTo(server);
  const { features, token } = await server.world({ chat: {} });
  const clients = new Set<Client>();
  const effects = vi.fn();
  const Page = () => {
    clients.add(useTogglecast());
    useEffect(effects, []);
    return `${useFlag(features['chat']!.key, false)} ${useSyncStatus().status}`;
  };
  root.render(<StrictMode><TogglecastProvider url={proxy.url} token={token} storage={false}><Page /></TogglecastProvider></StrictMode>);
  await until(() => place.textContent === 'true ready', 'the state');

  expect(effects, 'it is StrictMode').toHaveBeenCalledTimes(2);
  await until(() => proxy.open === 1, 'the end of the first connection');
  expect([...clients].filter(({ status }) => status === 'ready')).toHaveLength(1);
  await until(async () => (await server.call<{ items: object[] }>('GET', '/api/v1/connections')).items.length === 1, 'one connection');
  await server.call('POST', `/api/v1/features/${features['chat']!.id}/toggle`, { enabled: false });
  await until(() => place.textContent === 'false ready', 'the change');
});

test('a hook without a provider says so', () => {
  const Page = () => String(useFlag('chat', false));
  expect(() => renderToString(<Page />)).toThrow('there is no TogglecastProvider');
});
