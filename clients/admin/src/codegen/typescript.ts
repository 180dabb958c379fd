import type { FlagEntry } from './catalogue.js';
import { camelCase, commentText, named, typescriptText as text } from './text.js';

/** A module of TypeScript. `register`: the packages of @togglecast know the flags, without a type argument anywhere. */
export function typescriptModule(entries: readonly FlagEntry[], { register = true } = {}): string {
  const flags = named(entries, [camelCase]);
  const lines = ['// Made by `togglecast codegen` from the flags of a Togglecast server. Do not edit it; make it again.'];
  lines.push(...(register ? ["import type {} from '@togglecast/client';"] : []), ''); // a module has to be there to be added to
  if (flags.some(({ type }) => type === 'object')) {
    lines.push('export type FlagJson = string | number | boolean | null | FlagJson[] | { [name: string]: FlagJson };', '');
  }
  lines.push('/** The type of each flag. */', 'export type Flags = {');
  for (const { key, type } of flags) lines.push(`  ${text(key)}: ${type === 'object' ? '{ [name: string]: FlagJson }' : type};`);
  lines.push('};', '', 'export type FlagKey = keyof Flags;', '', '/** The names of the variants of each flag. */', 'export type FlagVariants = {');
  for (const { key, variants } of flags) lines.push(`  ${text(key)}: ${variants.map(text).join(' | ')};`);
  lines.push('};', '', '/** The key of each flag. */', 'export const flags = {');
  for (const { key, name, words } of flags) {
    const comment = commentText(name);
    if (comment) lines.push(`  /** ${comment} */`);
    lines.push(`  ${camelCase(words)}: ${text(key)},`);
  }
  lines.push('} as const satisfies { [name: string]: FlagKey };');
  if (register) lines.push('', "declare module '@togglecast/client' {", '  interface Register {', '    flags: Flags;', '  }', '}');
  return `${lines.join('\n')}\n`;
}
