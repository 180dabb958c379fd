// Two people change one entity: what each of them changed, since the version that the form began with.
export interface FieldConflict {
  field: string;
  base: unknown;
  theirs: unknown;
  mine: unknown;
  /** Both changed it, to different values. */
  clash: boolean;
}

const kOfTheServer = new Set(['revision', 'updated_at', 'etag', 'created_at', 'id', 'key', 'last_used_at']);
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);

/** The members that differ. `base` may be unknown: then every difference is a clash. */
export function compare(base: { [member: string]: unknown } | undefined, theirs: { [member: string]: unknown }, mine: { [member: string]: unknown }): FieldConflict[] {
  const found: FieldConflict[] = [];
  for (const field of new Set([...Object.keys(theirs), ...Object.keys(mine)])) {
    if (kOfTheServer.has(field)) continue;
    const [was, now, wanted] = [base?.[field], theirs[field], field in mine ? mine[field] : base?.[field]];
    const theyChanged = base !== undefined && !same(was, now);
    const iChanged = field in mine && !same(was, wanted);
    if (!theyChanged && !(iChanged && !same(now, wanted))) continue;
    found.push({ field, base: was, theirs: now, mine: wanted, clash: iChanged && (theyChanged || base === undefined) && !same(now, wanted) });
  }
  return found;
}
