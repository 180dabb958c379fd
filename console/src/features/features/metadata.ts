// Metadata of a feature: group, tags, and members of the reader's own. They take texts, numbers and booleans alone, so tags are one text,
// separated by commas. Pure; unit/features.test.ts tries it.
import type { Schemas } from '@togglecast/admin';
import { sameJson } from '../../shared/rules/condition';

export type Metadata = NonNullable<Schemas['Feature']['metadata']>;
export type MetadataKind = 'text' | 'number' | 'yes or no';

/** A member as the form has it. */
export interface MetadataRow {
  name: string;
  kind: MetadataKind;
  text: string;
}

const kOwnFields = ['group', 'tags'];

export const groupOf = (metadata: Metadata | undefined) => (typeof metadata?.['group'] === 'string' ? metadata['group'] : '');
export const tagsOf = (metadata: Metadata | undefined) =>
  typeof metadata?.['tags'] === 'string' ? metadata['tags'].split(',').map((tag) => tag.trim()).filter(Boolean) : [];

const kindOf = (value: unknown): MetadataKind => (typeof value === 'number' ? 'number' : typeof value === 'boolean' ? 'yes or no' : 'text');

/** The members beside group and tags. */
export const rowsOf = (metadata: Metadata | undefined): MetadataRow[] =>
  Object.entries(metadata ?? {}).filter(([name]) => !kOwnFields.includes(name)).map(([name, value]) => ({ name, kind: kindOf(value), text: String(value) }));

const valueOf = ({ kind, text }: MetadataRow) => (kind === 'number' ? Number(text) : kind === 'yes or no' ? text === 'true' : text);

/** The row with a value of another kind, as near to its own as it can be. */
export function withKind(row: MetadataRow, kind: MetadataKind): MetadataRow {
  if (kind === 'yes or no') return { ...row, kind, text: String(row.text === 'true') };
  return { ...row, kind, text: kind === 'number' && !isNumber(row.text) ? '' : row.text };
}

const isNumber = (text: string) => text.trim() !== '' && Number.isFinite(Number(text));

/** What is wrong with the rows, by field: `metadata.0`. */
export function metadataProblems(rows: readonly MetadataRow[]): { [field: string]: string } {
  const problems: { [field: string]: string } = {};
  for (const [index, row] of rows.entries()) {
    const problem = row.name === '' ? 'Enter a name.' : kOwnFields.includes(row.name) ? `There is a field for the ${row.name === 'tags' ? 'tags' : 'group'}.`
      : rows.some((other, at) => at < index && other.name === row.name) ? 'Another member has this name.' : row.kind === 'number' && !isNumber(row.text) ? 'Enter a number.' : undefined;
    if (problem) problems[`metadata.${index}`] = problem;
  }
  return problems;
}

function withMember(metadata: Metadata, name: string, value: string): Metadata {
  const { [name]: _, ...rest } = metadata;
  return value ? { ...rest, [name]: value } : rest;
}

/** The metadata with this group, these tags and these members. What they are already stays as it is written. */
export function metadataOf(was: Metadata, group: string, tags: readonly string[], rows: readonly MetadataRow[] = rowsOf(was)): Metadata {
  const grouped = group.trim() === groupOf(was) ? was : withMember(was, 'group', group.trim());
  const tagged = sameJson([...tags], tagsOf(was)) ? grouped : withMember(grouped, 'tags', tags.join(','));
  if (sameJson(rows, rowsOf(was))) return tagged;
  const next: Metadata = Object.fromEntries(Object.entries(tagged).filter(([name]) => kOwnFields.includes(name)));
  // A name such as __proto__ is a member, too.
  for (const row of rows) Object.defineProperty(next, row.name, { value: valueOf(row), enumerable: true, configurable: true, writable: true });
  return next;
}
