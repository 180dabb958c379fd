// Production is red everywhere. Each other environment has a colour of its own, the same in every browser.
const kOthers = ['blue', 'teal', 'violet', 'cyan', 'grape', 'indigo', 'lime'] as const;

export function environmentColor(key: string): string {
  if (/^prod/i.test(key)) return 'red';
  if (/^stag/i.test(key)) return 'yellow';
  let sum = 0;
  for (const char of key) sum = (sum * 31 + char.codePointAt(0)!) % 9973;
  return kOthers[sum % kOthers.length]!;
}

export const environmentVariable = (key: string) => `var(--mantine-color-${environmentColor(key)}-${environmentColor(key) === 'red' ? 7 : 6})`;
