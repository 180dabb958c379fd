import { Button, Checkbox, Group, Input, NumberInput, SegmentedControl, Select, SimpleGrid, Stack, Switch, TagsInput, Text, Textarea, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { formErrors, Problem } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { useCreateEntity, useSaveEntity } from '../../shared/entities/write';
import { NameAndKey, namedRules } from '../../shared/entity-pages/name-and-key';
import { ConflictDialog } from '../../shared/ui/conflict-dialog';
import { Dialog, DialogFoot } from '../../shared/ui/dialog';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState } from '../../shared/ui/states';
import { useEnvironments } from '../../shared/use-environments';
import { bodyOf, kAlgorithms, keysProblem, kMostLeeway, kSources, textOf, valuesOf, type Issuer, type Source } from './issuers';

const kFields = ['key', 'name', 'issuer', 'environment', 'audiences', 'keys', 'algorithms', 'client_claim', 'leeway_s'] as const;
const kMono = { input: { fontFamily: 'var(--mantine-font-family-monospace)', fontSize: 13 } };

/** A new issuer, or another name, keys and rules for one that there is. */
export function IssuerForm({ of, onClose }: { of?: Issuer; onClose: () => void }) {
  const { environment } = useConsole();
  const environments = useEnvironments();
  const [base, setBase] = useState(of); // what the reader saw
  const create = useCreateEntity('issuer');
  const save = useSaveEntity('issuer');
  const form = useForm({
    initialValues: valuesOf(of, environment),
    validate: {
      ...(of ? { name: namedRules.name } : namedRules),
      issuer: (text) => (text.trim() ? null : 'Enter the claim iss of its tokens.'),
      audiences: (list) => (list.length > 0 ? null : 'Enter at least one audience.'),
      keys: (text, { source }) => keysProblem(source, text),
      algorithms: (list) => (list.length > 0 ? null : 'Choose at least one algorithm.'),
      client_claim: (text) => (text.trim() ? null : 'Enter the name of the claim.'),
      leeway_s: (seconds) => (seconds !== '' && Number(seconds) >= 0 && Number(seconds) <= kMostLeeway ? null : `Enter 0 to ${kMostLeeway} seconds.`),
    },
  });
  const answered = {
    onSuccess: ({ entity }: { entity: Issuer }) => {
      notifyDone(of ? `${entity.name} is saved` : `${entity.name} is trusted`, entity.active ? `Its tokens open clients of ${entity.environment}.` : 'It is not active: its tokens are refused.');
      onClose();
    },
    onError: (error: unknown) => error instanceof Problem && form.setErrors(formErrors(error, kFields).fields),
  };
  const send = (etag: string) => of && save.mutate({ id: of.id, patch: bodyOf(form.getValues(), false), etag }, answered);
  const submit = form.onSubmit((values) => (base ? send(base.etag) : create.mutate(bodyOf(values, true), answered)));
  const setSource = (source: Source) => {
    form.setValues({ source, keys: of ? textOf(of.keys, source) : '' });
    form.clearFieldError('keys');
  };

  const error = of ? save.error : create.error;
  const problem = error instanceof Problem ? error : null;
  const untold = error && !problem?.isLostUpdate && (!problem || formErrors(problem, kFields).rest.length > 0);
  const source = kSources.find(({ value }) => value === form.values.source)!;
  const text = { label: source.field, description: source.description, placeholder: source.placeholder, spellCheck: false, ...form.getInputProps('keys') };
  return (
    <Dialog opened onClose={onClose} title={of ? `Issuer ${of.name}` : 'New issuer'} size="lg">
      <form onSubmit={submit} noValidate>
        <Stack>
          {of ? <TextInput label="Name" maxLength={200} data-autofocus {...form.getInputProps('name')} />
            : <SimpleGrid cols={{ base: 1, xs: 2 }}><NameAndKey form={form} focus name={{ description: 'For the people who use this console.', placeholder: 'Shop back end', maxLength: 200 }} keys={{ description: 'It cannot be changed later.' }} /></SimpleGrid>}
          <TextInput label="Issuer" description={of ? 'The claim iss of its tokens. It cannot be changed.' : 'The claim iss of its tokens, to the byte: mind the final slash. It cannot be changed later.'} placeholder="https://shop.example" spellCheck={false} maxLength={500}
            readOnly={of !== undefined} variant={of ? 'filled' : 'default'} {...form.getInputProps('issuer')} />
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <Select label="Environment" description="Its tokens name clients of this one alone." allowDeselect={false} readOnly={of !== undefined} variant={of ? 'filled' : 'default'} data={[...new Set([...(environments.data?.items ?? []).map(({ key }) => key), form.values.environment])]} {...form.getInputProps('environment')} />
            <TagsInput label="Audiences" description="One of them must be in the claim aud." placeholder={form.values.audiences.length === 0 ? 'flags' : ''} acceptValueOnBlur maxTags={20} {...form.getInputProps('audiences')} onChange={(list) => form.setFieldValue('audiences', [...new Set(list.flatMap((text) => text.split(',')).map((text) => text.trim()).filter(Boolean))])} />
          </SimpleGrid>
          <Input.Wrapper label="Public keys" labelElement="div">
            <Stack gap="xs" mt={4}>
              <SegmentedControl aria-label="Where its public keys are" data={kSources.map(({ value, label }) => ({ value, label }))} value={form.values.source} onChange={(value) => setSource(value as Source)} />
              {source.value === 'jwks' || source.value === 'pem' ? <Textarea autosize minRows={4} maxRows={12} styles={kMono} {...text} /> : <TextInput {...text} />}
            </Stack>
          </Input.Wrapper>
          <SimpleGrid cols={{ base: 1, xs: 2 }}>
            <TextInput label="Claim of the client" description="Its text is the key of the client, a number its id." placeholder="sub" spellCheck={false} maxLength={500} {...form.getInputProps('client_claim')} />
            <NumberInput label="Leeway in seconds" description="By how much the clocks may differ." min={0} max={kMostLeeway} clampBehavior="none" allowDecimal={false} {...form.getInputProps('leeway_s')} />
          </SimpleGrid>
          <Checkbox.Group label="Algorithms" description="By which it signs. A key of another one is not used." {...form.getInputProps('algorithms')}>
            <Group mt="xs">{kAlgorithms.map((algorithm) => <Checkbox key={algorithm} value={algorithm} label={algorithm} />)}</Group>
          </Checkbox.Group>
          <div>
            <Switch label="Active" color="teal" withThumbIndicator={false} {...form.getInputProps('active', { type: 'checkbox' })} />
            {!form.values.active && <Text size="xs" c="dimmed" mt={4}>{base?.active ? 'All its tokens are refused, and the connections that they opened end at once.' : 'All its tokens are refused.'}</Text>}
          </div>
          {untold && <ErrorState error={error} />}
          <DialogFoot><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" loading={create.isPending || save.isPending}>{of ? 'Save' : 'Trust this issuer'}</Button></DialogFoot>
        </Stack>
      </form>
      {of && (
        <ConflictDialog type="issuer" problem={problem} mine={problem?.isLostUpdate ? bodyOf(form.values, false) : {}} onClose={save.reset} onReapply={(current) => send(current.etag)}
          onTakeTheirs={(current) => {
            setBase(current as unknown as Issuer);
            form.setValues(valuesOf(current as unknown as Issuer, environment));
            save.reset();
          }} />
      )}
    </Dialog>
  );
}
