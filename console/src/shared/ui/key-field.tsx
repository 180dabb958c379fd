import { TextInput, type TextInputProps } from '@mantine/core';
import { forwardRef } from 'react';

const kKey = /^[A-Za-z0-9_][A-Za-z0-9._:|~-]{0,99}$/;

/** What is wrong with a key, or null. */
export function keyProblem(key: string): string | null {
  if (key === '') return 'Enter a key.';
  if (key.length > 100) return 'A key has at most 100 characters.';
  if (/\s/.test(key)) return 'A key has no spaces. Use a hyphen.';
  return kKey.test(key) ? null : 'Use letters, digits and . _ : | ~ -; begin with a letter, a digit or _.';
}

/** A key that fits a name: "Dark mode (beta)" is `dark-mode-beta`. */
export function keyFor(name: string): string {
  return name.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9._:|~-]+/g, '-').replace(/^[^a-z0-9_]+|-+$/g, '').slice(0, 100);
}

/** The key of a new entity. It never changes afterwards. */
export const KeyField = forwardRef<HTMLInputElement, TextInputProps>(function KeyField(props, ref) {
  return (
    <TextInput ref={ref} label="Key" description="Code refers to it. It cannot be changed later." spellCheck={false} autoCapitalize="off" autoComplete="off"
      maxLength={100} styles={{ input: { fontFamily: 'var(--mantine-font-family-monospace)' } }} {...props} />
  );
});
