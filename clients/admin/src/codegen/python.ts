import type { FlagEntry, ValueType } from './catalogue.js';
import { commentText, named, pascalCase, pythonText as text, upperCase } from './text.js';

const kTypes: { [Type in ValueType]: string } = { boolean: 'bool', string: 'str', number: 'float', object: 'Dict[str, Any]' };

/** A module of Python, for the package `togglecast`. */
export function pythonModule(entries: readonly FlagEntry[]): string {
  const variantsName = (words: readonly string[]) => `${pascalCase(words)}Variant`;
  const flags = named(entries, [upperCase, variantsName]);
  const lines = ['"""Made by `togglecast codegen` from the flags of a Togglecast server. Do not edit it; make it again."""'];
  const objects = flags.some(({ type }) => type === 'object');
  if (flags.length) {
    lines.push(`from typing import ${[...(objects ? ['Any', 'Dict'] : []), 'Final', 'Literal'].join(', ')}`, '', 'from togglecast import Flag');
  }
  for (const { key, name, type, variants, words } of flags) {
    const comment = commentText(name);
    lines.push('');
    if (comment) lines.push(`# ${comment}`);
    lines.push(`${upperCase(words)}: Final[Flag[${kTypes[type]}]] = Flag(${text(key)})`);
    lines.push(`${variantsName(words)} = Literal[${variants.map(text).join(', ')}]`);
  }
  return `${lines.join('\n')}\n`;
}
