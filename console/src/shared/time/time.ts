// Times in the reader's zone and language.
const relative = new Intl.RelativeTimeFormat(undefined, { numeric: 'auto' });
const kUnits: [Intl.RelativeTimeFormatUnit, number][] = [['year', 31_536_000], ['month', 2_592_000], ['week', 604_800], ['day', 86_400], ['hour', 3600], ['minute', 60]];

/** "5 minutes ago", "in 2 hours", "just now". */
export function ago(time: number, now: number): string {
  const seconds = (time - now) / 1000;
  for (const [unit, length] of kUnits) if (Math.abs(seconds) >= length) return relative.format(Math.trunc(seconds / length), unit);
  return seconds > 5 ? 'in less than a minute' : Math.abs(seconds) <= 5 ? 'just now' : relative.format(Math.trunc(seconds), 'second');
}

const full = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'long' });
const short = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** With seconds and the zone, for tooltips. */
export const fullTime = (time: string | number) => full.format(new Date(time));
export const shortTime = (time: string | number) => short.format(new Date(time));
