import { createTogglecast, Feature, useEntitlement, useFlag, usePlan, useSyncStatus } from '@togglecast/vue';
import { createApp, h } from 'vue';

const getToken = () => fetch('/token').then((answer) => answer.text());

const Page = {
  setup() {
    const sync = useSyncStatus();
    const plan = usePlan();
    const layout = useFlag('home-layout', 'classic');
    const dashboards = useEntitlement('dashboards');
    return () => h('main', [
      h('p', `${sync.value.status}, plan ${plan.value?.name ?? 'unknown'}`),
      h('p', `home-layout: ${layout.value}`),
      h('p', `dashboards: ${dashboards.value.allowed ? `up to ${dashboards.value.limit}` : 'not in this plan'}`),
      h(Feature, { flag: 'wish-lists' }, { default: () => h('p', 'wish lists'), fallback: () => h('p', 'no wish lists now') }),
    ]);
  },
};

createApp(Page).use(createTogglecast({ getToken })).mount('#app');
