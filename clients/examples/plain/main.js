import { createClient } from '@togglecast/client';

const client = createClient({ getToken: () => fetch('/token').then((answer) => answer.text()) });

function show() {
  const lines = [
    `wish-lists: ${client.flag('wish-lists', false)}`,
    `home-layout: ${client.flag('home-layout', 'classic')}`,
    `dashboards: ${client.flag('dashboards', false) ? `up to ${client.limit('dashboards')}` : 'not in this plan'}`,
  ];
  document.getElementById('app').innerText = [`${client.status}, plan ${client.plan()?.name ?? 'unknown'}`, ...lines].join('\n');
}

client.subscribe(show);
client.on('change', (keys) => console.log('changed:', keys));
show();
