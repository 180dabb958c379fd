import { Input, Skeleton } from '@mantine/core';
import { lazy, Suspense, useId, type ReactNode } from 'react';

const Editor = lazy(() => import('./code-mirror'));

export interface JsonEditorProps {
  /** The text, which need not be valid JSON while somebody types. */
  value: string;
  onChange?: (text: string) => void;
  label: string;
  description?: ReactNode;
  error?: ReactNode;
  readOnly?: boolean;
  minHeight?: number;
  maxHeight?: number;
}

/** A field for JSON, with its errors marked where they are. It loads the editor when it is first shown. */
export function JsonEditor({ label, description, error, minHeight = 120, maxHeight = 480, ...editor }: JsonEditorProps) {
  const id = useId();
  return (
    <Input.Wrapper label={label} description={description} error={error} labelElement="div" labelProps={{ id }}>
      <Suspense fallback={<Skeleton h={minHeight} mt={4} />}>
        <Editor {...editor} label={label} minHeight={minHeight} maxHeight={maxHeight} invalid={Boolean(error)} />
      </Suspense>
    </Input.Wrapper>
  );
}

/** The value of a text, or what is wrong with it. */
export function parseJson(text: string): { value: unknown; problem?: undefined } | { problem: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { problem: `This is no valid JSON: ${(error as Error).message.replace(/^JSON\.parse: /, '')}` };
  }
}

/** The same for a field that takes an object alone. */
export function parseObject(text: string): { value: { [name: string]: unknown }; problem?: undefined } | { problem: string } {
  const parsed = parseJson(text);
  if (parsed.problem !== undefined) return parsed;
  if (typeof parsed.value !== 'object' || parsed.value === null || Array.isArray(parsed.value)) return { problem: 'This must be an object: {"name": "value"}.' };
  return { value: parsed.value as { [name: string]: unknown } };
}

export const toText = (value: unknown) => JSON.stringify(value ?? null, null, 2);
