// In the browser: the page goes on from the state that came with it, and is never drawn with anything else.
import { TogglecastProvider } from '@togglecast/react';
import { hydrateRoot } from 'react-dom/client';
import { Page } from './page.jsx';

const bootstrap = JSON.parse(document.getElementById('state').textContent);
const getToken = () => fetch('/token').then((answer) => answer.text());

hydrateRoot(document.getElementById('app'), <TogglecastProvider getToken={getToken} bootstrap={bootstrap}><Page /></TogglecastProvider>);
