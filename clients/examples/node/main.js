import { createClient } from '@togglecast/client';

export async function run({ url, token }) {
  const client = createClient({ url, token });
  client.on('status', (status) => console.log(status));
  client.on('change', (keys) => console.log('changed:', keys.join(', ')));
  await client.ready();
  console.log(`plan ${client.plan()?.name}, home-layout ${client.flag('home-layout', 'classic')}, dashboards up to ${client.limit('dashboards')}`);
  await client.reportMetrics([{ name: 'example_started', value: 1 }]);
}
