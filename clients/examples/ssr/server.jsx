// On the server: one client for all requests, whose state is rendered and goes along with the page.
import { createClient } from '@togglecast/client';
import { TogglecastProvider } from '@togglecast/react';
import { renderToString } from 'react-dom/server';
import { Page } from './page.jsx';

export function createRenderer({ url, token }) {
  const client = createClient({ url, token });
  return async () => {
    const bootstrap = (await client.ready()).dehydrate();
    const body = renderToString(<TogglecastProvider bootstrap={bootstrap}><Page /></TogglecastProvider>);
    const state = JSON.stringify(bootstrap).replaceAll('<', '\\u003c'); // no text of it can end the script
    return `<div id="app">${body}</div><script id="state" type="application/json">${state}</script>`;
  };
}
