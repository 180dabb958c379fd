// Texts of a catalogue in code: as literals, in comments, and as identifiers. None of them can end what it stands in.
import { CatalogueError, type FlagEntry, type Named } from './catalogue.js';

const hex = (code: number, digits: number) => code.toString(16).padStart(digits, '0');

/** A literal of TypeScript, in ASCII. */
export const typescriptText = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${hex(unit.charCodeAt(0), 4)}`);

/** A literal of Python, in ASCII. A character beyond the first plane is one escape there, not two. */
export const pythonText = (text: string): string =>
  JSON.stringify(text).replace(/[\u{10000}-\u{10ffff}]|[^\x20-\x7e]/gu, (letter) => {
    const code = letter.codePointAt(0)!;
    return code > 0xffff ? `\\U${hex(code, 8)}` : `\\u${hex(code, 4)}`;
  });

/** One line of a comment. What is no visible letter is a space: line ends, and what turns the direction of writing. */
export const commentText = (text: string): string =>
  text.replace(/[\p{C}\p{Z}]+/gu, ' ').replace(/\*\//g, '* /').trim().slice(0, 200);

/** `home-layout`, `homeLayout` and `HOME_LAYOUT/x` in words, in small letters. */
export const wordsOf = (key: string): string[] =>
  (key.match(/[A-Za-z0-9]+/g) ?? []).flatMap((part) => part.match(/[A-Z]+(?![a-z])[0-9]*|[A-Z]?[a-z0-9]+|[A-Z]+/g) ?? []).map((word) => word.toLowerCase());

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1);
/** An identifier begins with no digit, and is not empty. */
const started = (name: string) => (/^[A-Za-z_]/.test(name) ? name : `_${name}`);

export const camelCase = (words: readonly string[]) => started(words.map((word, place) => (place ? capital(word) : word)).join(''));
export const pascalCase = (words: readonly string[]) => started(words.map(capital).join(''));
export const upperCase = (words: readonly string[]) => started(words.join('_').toUpperCase());

/** The entries with their words. Fails where two keys fall on one identifier, and names both. */
export function named(entries: readonly FlagEntry[], identifiers: readonly ((words: readonly string[]) => string)[]): Named[] {
  const taken = new Map<string, string>();
  const clashes: string[] = [];
  const all = entries.map((entry) => ({ ...entry, words: wordsOf(entry.key) }));
  for (const { key, words } of all) {
    for (const identifier of identifiers) {
      const name = identifier(words);
      const other = taken.get(name);
      if (other !== undefined && other !== key) clashes.push(`${JSON.stringify(other)} and ${JSON.stringify(key)} would both be ${name}`);
      taken.set(name, key);
    }
  }
  if (clashes.length) throw new CatalogueError(`${clashes.join('; ')}: rename one of them`);
  return all;
}
