import { Button, Checkbox, Select, SimpleGrid, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { keys } from '../../shared/entities/cache';
import { write } from '../../shared/entities/write';
import { Dialog, DialogFoot } from '../../shared/ui/dialog';
import { useEnvironments } from '../../shared/use-environments';
import { Copyable } from '../../shared/ui/copyable';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { notifyDone } from '../../shared/ui/notify';
import { ShownOnce } from '../../shared/ui/shown-once';
import { ErrorState } from '../../shared/ui/states';
import { addressesOf, kLifetimes, kScopes, type ApiKey, type Scope } from './keys';

/** `key`: the text of a new one. */
type Saved = ApiKey & { key?: string };
const kFields = ['name', 'environment', 'scopes', 'addresses'] as const;

/** A new key, whose text is shown once, or another name, scopes and addresses for one that there is. */
export function KeyForm({ of, onClose }: { of?: ApiKey | undefined; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const environments = useEnvironments();
  const [base, setBase] = useState(of); // what the reader saw: a change of somebody else since then is not overwritten
  const form = useForm({
    initialValues: { ...valuesOf(of), environment: of?.environment ?? console.environment, lifetime: '7776000' },
    validate: {
      name: (name) => (name.trim() ? null : 'Enter a name.'),
      scopes: (scopes) => (scopes.length > 0 ? null : 'Choose at least one scope.'),
      addresses: (text) => {
        const { wrong } = addressesOf(text);
        return wrong === undefined ? null : `${wrong} is no address. Write 10.1.2.3, 10.0.0.0/8 or 2001:db8::/32.`;
      },
    },
  });
  const save = useMutation({
    mutationFn: ({ values, etag }: { values: typeof form.values; etag?: string | undefined }) => {
      const { environment, lifetime, active } = values;
      return of
        ? write<Saved>(console, 'PATCH', `/api/v1/api-keys/${of.id}`, { body: { ...bodyOf(values), active }, ...(etag && { etag }) })
        : write<Saved>(console, 'POST', '/api/v1/api-keys', { body: { ...bodyOf(values), environment, ...(lifetime !== 'never' && { expires_in: Number(lifetime) }) } });
    },
    onSuccess: ({ data }) => {
      void queries.invalidateQueries({ queryKey: keys.list(console.environment, 'api_key') });
      if (!of) return;
      notifyDone(`${data.name} is saved`, 'Its connections follow at once.');
      onClose();
    },
    onError: (error) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
  });
  const problem = save.error instanceof Problem ? save.error : null;
  const untold = save.error && !problem?.isLostUpdate && (!problem || formErrors(problem, kFields).rest.length > 0);
  const made = save.data?.data.key;
  return (
    <Dialog opened onClose={onClose} title={made ? 'The new API key' : of ? `API key ${of.name}` : 'New API key'} size="lg" closeOnClickOutside={!made} closeOnEscape={!made}>
      {made ? (
        <ShownOnce text={made} label="The API key" why="Copy it now. Only this dialog shows it: the server keeps no copy." onClose={onClose}>
          <div>
            <Text size="sm" mb={4}>A program sends it with each request:</Text>
            <Copyable text={`curl ${window.location.origin}/api/v1/features -H "Authorization: Bearer $TOGGLECAST_KEY"`} label="Command" />
          </div>
        </ShownOnce>
      ) : (
        <form onSubmit={form.onSubmit((values) => save.mutate({ values, etag: base?.etag }))} noValidate>
          <Stack>
            <TextInput label="Name" description="Which program has it. The activity names it so." placeholder="deploy pipeline" maxLength={200} data-autofocus {...form.getInputProps('name')} />
            {!of && (
              <SimpleGrid cols={{ base: 1, xs: 2 }}>
                <Select label="Environment" allowDeselect={false} data={(environments.data?.items ?? []).map(({ key }) => key)} {...form.getInputProps('environment')} />
                <Select label="It ends after" allowDeselect={false} data={kLifetimes.map(([value, label]) => ({ value, label }))} {...form.getInputProps('lifetime')} />
              </SimpleGrid>
            )}
            <Checkbox.Group label="Scopes" description="No key opens tokens, admins, settings or messages." {...form.getInputProps('scopes')}>
              <SimpleGrid cols={{ base: 1, xs: 2 }} spacing="sm" mt="xs">
                {kScopes.map(({ value, label, text }) => <Checkbox key={value} value={value} label={label} {...(text && { description: text })} />)}
              </SimpleGrid>
            </Checkbox.Group>
            <Textarea label="Addresses" description="From where it may be used: addresses or ranges, one a line. Empty: from anywhere." placeholder={'10.0.0.0/8\n2001:db8::/32'} autosize minRows={2} maxRows={8} spellCheck={false} {...form.getInputProps('addresses')} />
            {of && <Switch label="Active" color="teal" withThumbIndicator={false} {...form.getInputProps('active', { type: 'checkbox' })} />}
            {untold && <ErrorState error={save.error} />}
            <DialogFoot><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={save.isPending}>{of ? 'Save' : 'Make the key'}</Button></DialogFoot>
          </Stack>
          <ConflictDialog type="api_key" problem={problem} mine={{ ...bodyOf(form.values), active: form.values.active }} onClose={save.reset} onReapply={({ etag }) => save.mutate({ values: form.values, etag })}
            onTakeTheirs={(current) => {
              setBase(current as ApiKey);
              form.setValues(valuesOf(current as ApiKey));
              save.reset();
            }} />
        </form>
      )}
    </Dialog>
  );
}

const valuesOf = (key: ApiKey | undefined) => ({ name: key?.name ?? '', scopes: (key?.scopes ?? ['read']) as string[], addresses: key?.addresses.join('\n') ?? '', active: key?.active ?? true });

const bodyOf = ({ name, scopes, addresses }: { name: string; scopes: string[]; addresses: string }) => ({
  name: name.trim(), scopes: kScopes.map(({ value }) => value).filter((scope) => scopes.includes(scope)) as Scope[], addresses: addressesOf(addresses).addresses,
});
