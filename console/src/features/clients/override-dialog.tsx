import { Alert, Button, Group, Radio, SegmentedControl, Select, Stack, Text, Textarea, TextInput } from '@mantine/core';
import { IconInfoCircle, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { formErrors, Problem } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { valueText } from '../../shared/decisions/rules';
import { putEntity } from '../../shared/entities/cache';
import { useEntity } from '../../shared/entities/read';
import { write } from '../../shared/entities/write';
import { JsonEditor, parseJson } from '../../shared/json/json-editor';
import { noteWrite } from '../../shared/rollout/writes';
import { TimeAgo } from '../../shared/time/time-ago';
import { Dialog } from '../../shared/ui/dialog';
import { notifyDone } from '../../shared/ui/notify';
import { ErrorState, Loaded } from '../../shared/ui/states';
import { beginWith, choicesOf, localTime, overrideOf, sameOverride, type Override } from './overrides';

type Client = Schemas['Client'];
const kDay = 86_400_000;

export function OverrideDialog({ client, featureId, name, onClose }: { client: Client; featureId: number; name: string; onClose: () => void }) {
  const feature = useEntity('feature', featureId);
  return (
    <Dialog opened onClose={onClose} title={`Override of ${name} for ${client.name}`} size="lg">
      <Loaded query={feature}>{(data) => (data ? <Form client={client} feature={data} onClose={onClose} /> : <Text size="sm">The feature was deleted.</Text>)}</Loaded>
    </Dialog>
  );
}

function Form({ client, feature, onClose }: { client: Client; feature: Schemas['Feature']; onClose: () => void }) {
  const console = useConsole();
  const queries = useQueryClient();
  const now = overrideOf(client, feature.id);
  const [began, setBegan] = useState(now); // what the reader saw
  const [kind, setKind] = useState(began?.removed ? 'removed' : 'value');
  const [json, setJson] = useState(() => beginWith(began, feature.variants));
  const [reason, setReason] = useState(began?.reason ?? '');
  const [ends, setEnds] = useState(began?.expires_at ? localTime(began.expires_at) : '');
  const path = `/api/v1/clients/${client.id}/overrides/${feature.id}`;

  const done = (entity: Client, revision: number, text: string) => {
    putEntity(queries, console.environment, 'client', entity);
    noteWrite(console.environment, 'client', client.id, revision);
    notifyDone(text);
    onClose();
  };
  const save = useMutation({
    mutationFn: () => {
      const parsed = parseJson(json);
      if (kind === 'value' && parsed.problem !== undefined) throw new Problem('invalid_argument', parsed.problem, 0, { errors: [{ pointer: '/value', reason: parsed.problem }] });
      const given = kind === 'removed' ? { removed: true } : { value: 'value' in parsed ? parsed.value : undefined };
      const body = { ...given, reason, expires_at: ends ? new Date(ends).toISOString() : null };
      return write<Client>(console, 'PUT', path, { body });
    },
    onSuccess: ({ data, revision }) => done(data, revision, `${feature.name} is overridden for ${client.name}`),
  });
  const remove = useMutation({
    mutationFn: () => write<Client>(console, 'DELETE', path),
    onSuccess: ({ data, revision }) => done(data, revision, `${client.name} gets ${feature.name} as planned again`),
  });

  const choices = choicesOf(feature.variants);
  const isBoolean = choices.every((choice) => choice.json === 'true' || choice.json === 'false');
  const isObject = Object.values(feature.variants).some((value) => typeof value === 'object');
  const { fields, rest } = save.error instanceof Problem ? formErrors(save.error, ['value', 'reason', 'expires_at']) : { fields: {}, rest: save.error ? [''] : [] };
  const error = (rest.length > 0 && save.error) || remove.error;
  const valueError = (fields as { [field: string]: string })['value'];
  const past = ends !== '' && new Date(ends).getTime() <= Date.now();
  return (
    <form noValidate onSubmit={(event) => {
      event.preventDefault();
      save.mutate();
    }}>
      <Stack>
        {!sameOverride(now, began) && (
          <Alert color="orange" variant="light" icon={<IconInfoCircle aria-hidden />} title="Somebody changed this override meanwhile">
            <Stack gap="xs" align="flex-start">
              <Text size="sm">{describe(now)} If you save, yours replaces it.</Text>
              <Button size="xs" variant="default" onClick={() => {
                setBegan(now);
                setKind(now?.removed ? 'removed' : 'value');
                setJson(beginWith(now, feature.variants));
                setReason(now?.reason ?? '');
                setEnds(now?.expires_at ? localTime(now.expires_at) : '');
              }}>Take theirs</Button>
            </Stack>
          </Alert>
        )}
        <Radio.Group label="The client" value={kind} onChange={setKind}>
          <Stack gap="xs" mt="xs">
            <Radio value="value" autoFocus data-autofocus label="gets this value, also if its package does not include the feature" />
            <Radio value="removed" label="does not get the feature, although its package may include it" />
          </Stack>
        </Radio.Group>
        {kind === 'value' && (isBoolean ? (
          <SegmentedControl aria-label="Value" value={json} onChange={setJson} data={choices.map((choice) => ({ value: choice.json, label: choice.label }))} w={200} />
        ) : isObject ? (
          <JsonEditor label="Value" value={json} onChange={setJson} error={valueError ?? parseJson(json).problem} minHeight={80} />
        ) : (
          <Select label="Value" description="One of the values of its variants." data={choices.map((choice) => ({ value: choice.json, label: choice.label }))} value={json} onChange={(value) => setJson(value ?? json)} allowDeselect={false} error={valueError} />
        ))}
        {isBoolean && valueError && <Text size="sm" c="var(--mantine-color-error)">{valueError}</Text>}
        <Textarea label="Reason" placeholder="A trial until the end of the year, agreed with sales" autosize minRows={2} value={reason} onChange={(event) => setReason(event.currentTarget.value)} error={(fields as { [field: string]: string })['reason']} />
        <div>
          <TextInput type="datetime-local" label="Ends" description="Then the client gets again what its package gives. Empty: it never ends." value={ends} onChange={(event) => setEnds(event.currentTarget.value)}
            error={(fields as { [field: string]: string })['expires_at'] ?? (past && 'This time is over.')} />
          <Group gap={6} mt={6}>
            {[['a day', 1], ['a week', 7], ['30 days', 30]].map(([label, days]) => <Button key={label} size="compact-xs" variant="default" onClick={() => setEnds(localTime(Date.now() + Number(days) * kDay))}>In {label}</Button>)}
            <Button size="compact-xs" variant="default" onClick={() => setEnds('')}>Never</Button>
          </Group>
        </div>
        {error && <ErrorState error={error} />}
        <Group justify="space-between">
          {now ? <Button variant="subtle" color="red" leftSection={<IconTrash size={16} aria-hidden />} loading={remove.isPending} onClick={() => remove.mutate()}>End the override</Button> : <span />}
          <Group gap="xs"><Button variant="default" onClick={onClose}>Cancel</Button><Button type="submit" disabled={past} loading={save.isPending}>Save</Button></Group>
        </Group>
      </Stack>
    </form>
  );
}

function describe(override: Override | undefined) {
  if (!override) return <>There is no override any more.</>;
  return <>It is now {override.removed ? 'taken away' : <b>{valueText(override.value)}</b>}{override.reason && <>, because of “{override.reason}”</>}{override.expires_at && <>, and ends <TimeAgo time={override.expires_at} /></>}.</>;
}
