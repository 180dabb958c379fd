import { createTogglecast, Feature, useFlag, usePlan, useSyncStatus } from '@togglecast/vue';
import { createApp, h } from 'vue';

const { url, token, flag } = Object.fromEntries(new URLSearchParams(location.search));

createApp({
  setup() {
    const [value, plan, sync] = [useFlag(flag, 'default'), usePlan(), useSyncStatus()];
    return () => [
      `${value.value} ${sync.value.status} ${plan.value?.key} `,
      h(Feature, { flag }, { default: () => 'open', fallback: () => 'closed' }),
    ];
  },
}).use(createTogglecast({ url, token })).mount('#app');
