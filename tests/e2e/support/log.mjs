// The change log of a server, as its metrics tell it.
import { until } from './deadline.mjs';

export async function logMetric(server, name, environment = 'production') {
  const line = (await server.metrics()).split('\n').find((one) => one.startsWith(`togglecast_log_${name}{environment="${environment}"} `));
  return line === undefined ? undefined : Number(line.split(' ')[1]);
}

/** Waits until all changes but the newest `count` are gone. The number of rows alone would not do: a log that grows has it, too. */
export function untilPruned(server, count, patience = 60_000) {
  return until(async () => {
    const { revision } = await server.call('GET', '/api/v1/state');
    return (await logMetric(server, 'oldest_revision')) === revision - count + 1 && (await logMetric(server, 'rows')) === count;
  }, `the newest ${count} changes alone in the log`, patience);
}
