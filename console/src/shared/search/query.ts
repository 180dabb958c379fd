// The search of a list by words and operators: `is:on type:boolean group:checkout -tag:beta "one tap"`. Pure. Each list names its own
// operators and says what they mean for an entity.

export interface Operator {
  operator: string;
  example: string;
  meaning: string;
  /** All values that it takes, if it takes no others. */
  values?: readonly string[];
}

export interface Term {
  /** Empty for words. */
  operator: string;
  /** In small letters. */
  value: string;
  negated: boolean;
}

/** The terms of a query. Text in quotes is one term; a minus in front excludes. */
export function parseQuery(text: string, operators: readonly Operator[]): Term[] {
  const known = new Set(operators.map(({ operator }) => operator));
  const terms: Term[] = [];
  for (const [, minus, name, quoted, plain] of text.matchAll(/(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S+))/gi)) {
    const operator = (name ?? '').toLowerCase();
    const value = (quoted ?? plain ?? '').toLowerCase();
    // A colon after any other word is text.
    const [meant, content] = operator === '' || known.has(operator) ? [operator, value] : ['', `${operator}:${value}`];
    if (content !== '') terms.push({ operator: meant, value: content, negated: minus === '-' });
  }
  return terms;
}

const oneOf = (words: readonly string[]) => `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`;

/** What the reader should know about a query that cannot be what was meant. */
export function queryProblem(text: string, operators: readonly Operator[]): string | undefined {
  for (const { operator, value } of parseQuery(text, operators)) {
    const values = operators.find((each) => each.operator === operator)?.values;
    if (values && !values.includes(value)) return `“${operator}:” takes ${oneOf(values)}, not “${value}”.`;
  }
  return undefined;
}

/** Whether all terms hold. */
export const fits = (terms: readonly Term[], holds: (term: Term) => boolean) => terms.every((term) => holds(term) !== term.negated);

/** A term of the query: `tag:beta`, `tag:"early access"`. */
export const termOf = (operator: string, value: string) => `${operator}:${/\s/.test(value) ? `"${value}"` : value}`;

const rawTerms = (text: string): string[] => text.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];

export const hasTerm = (text: string, term: string) => rawTerms(text).includes(term);

/** The query with a term put in or taken out. */
export function toggleTerm(text: string, term: string): string {
  const terms = rawTerms(text);
  return (terms.includes(term) ? terms.filter((each) => each !== term) : [...terms, term]).join(' ');
}

/** The query with this value of an operator instead of the ones that it has; without any for an empty value. */
export function withOperator(text: string, operator: string, value: string): string {
  const others = rawTerms(text).filter((term) => !term.toLowerCase().startsWith(`${operator}:`));
  return [...others, ...(value ? [termOf(operator, value)] : [])].join(' ');
}
