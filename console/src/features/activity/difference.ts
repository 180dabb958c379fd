// Two texts line by line: what stayed, what went, what came. Pure; unit/activity.test.ts tries it.
export interface DiffLine {
  kind: 'same' | 'gone' | 'new';
  text: string;
}

const kMost = 1_000_000; // cells of the table below; longer texts are shown as one block after the other

/** The longest common subsequence of lines, after what is equal at both ends. */
export function difference(before: string[], after: string[]): DiffLine[] {
  let start = 0;
  while (start < before.length && start < after.length && before[start] === after[start]) ++start;
  let end = 0;
  while (end < before.length - start && end < after.length - start && before[before.length - 1 - end] === after[after.length - 1 - end]) ++end;
  const same = (text: string): DiffLine => ({ kind: 'same', text });
  const gone = (text: string): DiffLine => ({ kind: 'gone', text });
  const come = (text: string): DiffLine => ({ kind: 'new', text });
  const old = before.slice(start, before.length - end);
  const now = after.slice(start, after.length - end);
  const middle: DiffLine[] = [];
  if (old.length * now.length > kMost) {
    middle.push(...old.map(gone), ...now.map(come));
  } else {
    // lengths[i][j]: how many lines the rests from i and from j have in common.
    const width = now.length + 1;
    const lengths = new Uint32Array((old.length + 1) * width);
    for (let i = old.length - 1; i >= 0; --i)
      for (let j = now.length - 1; j >= 0; --j)
        lengths[i * width + j] = old[i] === now[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    let i = 0;
    let j = 0;
    while (i < old.length || j < now.length) {
      if (i < old.length && j < now.length && old[i] === now[j]) {
        middle.push(same(old[i]!));
        ++i;
        ++j;
      } else if (i < old.length && (j === now.length || lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!)) middle.push(gone(old[i++]!));
      else middle.push(come(now[j++]!));
    }
  }
  return [...before.slice(0, start).map(same), ...middle, ...before.slice(before.length - end).map(same)];
}

type Members = { [member: string]: unknown } | null | undefined;

const kUnsaid = ['updated_at', 'revision', 'etag'];

/** The difference of the members that changed, as JSON. */
export function jsonDifference(before: Members, after: Members): DiffLine[] {
  const lines = (members: Members) => (members ? JSON.stringify(Object.fromEntries(Object.entries(members).filter(([name]) => !kUnsaid.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1))), null, 2).split('\n') : []);
  return difference(lines(before), lines(after));
}
