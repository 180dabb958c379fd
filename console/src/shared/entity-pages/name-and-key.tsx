import { TextInput, type TextInputProps } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useState } from 'react';
import { keyFor, KeyField, keyProblem } from '../ui/key-field';

export interface Named {
  name: string;
  key: string;
}

export const nameProblem = (name: string) => (name.trim() ? null : 'Enter a name.');
export const namedRules = { name: nameProblem, key: keyProblem };

/** The fields of a name and of the key, which follows from the name until the reader writes another one. */
export function NameAndKey<Values extends Named>({ form, name, keys, focus = false }: { form: UseFormReturnType<Values>; name?: TextInputProps; keys?: TextInputProps; focus?: boolean }) {
  const [own, setOwn] = useState(false);
  return (
    <>
      <TextInput label="Name" {...name} {...(focus && { 'data-autofocus': true })} {...form.getInputProps('name')}
        onChange={(event) => {
          form.setFieldValue('name', event.currentTarget.value as never);
          if (!own) form.setFieldValue('key', keyFor(event.currentTarget.value) as never);
        }} />
      <KeyField {...keys} {...form.getInputProps('key')}
        onChange={(event) => {
          setOwn(event.currentTarget.value !== '');
          form.setFieldValue('key', event.currentTarget.value as never);
        }} />
    </>
  );
}
