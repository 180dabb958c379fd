// The tasks of the page's main thread: how long each took by the clock, and how much of the processor it had. On a machine that
// is busy with other things, only the second says something about the page.
import type { Browser, Page } from '@playwright/test';

export interface Tasks {
  /** ms of the longest task by the clock. */
  wall: number;
  /** ms of processor time of the task with the most. */
  cpu: number;
  /** The part of the time in which the main thread had work, in processor time. */
  busy: number;
  /** Tasks above 50 ms, as PerformanceObserver counts them: `longtask`. */
  long: number;
}

interface Event {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  dur?: number;
  tdur?: number;
  args?: { name?: string };
}

const watch = (page: Page) =>
  page.evaluate(() => {
    const tasks: number[] = [];
    (window as unknown as { longTasks: number[] }).longTasks = tasks;
    new PerformanceObserver((list) => tasks.push(...list.getEntries().map((entry) => entry.duration))).observe({ type: 'longtask' });
  });

/** Follows the main thread while `doing` runs. */
export async function tasksOf(browser: Browser, page: Page, doing: () => Promise<unknown>): Promise<Tasks> {
  await watch(page);
  await browser.startTracing(page, { categories: ['toplevel'] });
  const began = performance.now();
  await doing();
  const elapsed = performance.now() - began;
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Event[] };
  const seen = await page.evaluate(() => (window as unknown as { longTasks: number[] }).longTasks);
  const threads = new Set(traceEvents.filter(({ ph, name, args }) => ph === 'M' && name === 'thread_name' && args?.name === 'CrRendererMain').map(({ pid, tid }) => `${pid}.${tid}`));
  const tasks = traceEvents.filter(({ ph, name, pid, tid }) => ph === 'X' && /RunTask$/.test(name) && threads.has(`${pid}.${tid}`));
  if (!tasks.some(({ tdur }) => tdur !== undefined)) throw new Error(`the trace has no processor time: ${tasks.length} tasks of ${threads.size} threads`);
  const most = (values: number[]) => values.reduce((highest, value) => Math.max(highest, value), 0);
  return {
    wall: Math.round(most([...seen, ...tasks.map(({ dur = 0 }) => dur / 1000)])),
    cpu: Math.round(most(tasks.map(({ tdur = 0 }) => tdur / 1000))),
    busy: tasks.reduce((sum, { tdur = 0 }) => sum + tdur / 1000, 0) / elapsed,
    long: seen.length,
  };
}
