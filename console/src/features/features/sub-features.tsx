import { Accordion, Badge, Button, Group, Stack, Switch, Text, Textarea, TextInput } from '@mantine/core';
import { IconListTree, IconPlus, IconTrash } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { useConsole } from '../../shared/console';
import { putEntity } from '../../shared/entities/cache';
import { write } from '../../shared/entities/write';
import { noteWrite } from '../../shared/rollout/writes';
import { rolloutOf } from '../../shared/rules/describe';
import { Guarded } from '../../shared/ui/guarded';
import { keyFor, keyProblem, KeyField } from '../../shared/ui/key-field';
import { notifyProblem } from '../../shared/ui/notify';
import { EmptyState } from '../../shared/ui/states';
import { useAddress } from '../../shared/use-search';
import { buildFlag, flagDraftOf, kBoolean, type Feature, type SubDraft } from './flag-draft';
import { FlagEditor } from './flag-editor';

interface Props {
  feature: Feature;
  subs: SubDraft[];
  onChange: (subs: SubDraft[]) => void;
  /** Of the whole feature: those of a sub-feature begin with `sub_features.<index>.`. */
  problems: { [field: string]: string };
  readOnly: boolean;
}

/** Parts of the feature with flags of their own. Each is on only while the feature is. */
export function SubFeatures({ feature, subs, onChange, problems, readOnly }: Props) {
  const [address, setAddress] = useAddress();
  const open = address['sub'] ?? null;
  const setOpen = (sub: string | null) => setAddress({ sub: sub ?? undefined });
  const add = (key: string, name: string) => {
    onChange([...subs, { key, name, description: '', flag: flagDraftOf(kBoolean) }]);
    setOpen(key);
  };
  const isOff = (key: string) => feature.sub_features.find((sub) => sub.key === key)?.enabled === false;
  const set = (index: number, change: Partial<SubDraft>) => onChange(subs.map((sub, at) => (at === index ? { ...sub, ...change } : sub)));
  return (
    <Stack>
      {subs.length === 0 && (
        <EmptyState icon={IconListTree} title="No sub-features">
          Parts of the feature that packages may choose, and that have switches and rules of their own. Code asks for them as <b>{feature.key}/part</b>.
        </EmptyState>
      )}
      {subs.length > 0 && (
        <Accordion variant="contained" radius="md" value={open} onChange={setOpen} chevronPosition="left">
          {subs.map((sub, index) => {
            const prefix = `sub_features.${index}.`;
            const own = Object.fromEntries(Object.entries(problems).filter(([field]) => field.startsWith(prefix)).map(([field, text]) => [field.slice(prefix.length), text]));
            return (
              <Accordion.Item key={sub.key} value={sub.key} data-testid={`sub-${sub.key}`}>
                <Group wrap="nowrap" gap={0} pr="md">
                  <Accordion.Control>
                    <Group gap="xs"><Text size="sm" fw={500}>{sub.name}</Text><Text size="xs" c="dimmed" ff="monospace">{feature.key}/{sub.key}</Text>{!sub.was && <Badge size="sm" variant="light" tt="none">not saved</Badge>}</Group>
                    <Text size="xs" c="dimmed">{isOff(sub.key) && 'Off; when on: '}{rolloutOf(buildFlag(sub.flag).value).text}</Text>
                  </Accordion.Control>
                  {sub.was && <SubSwitch feature={feature} sub={sub.key} name={sub.name} />}
                </Group>
                <Accordion.Panel>
                  <Stack>
                    <TextInput label="Name" value={sub.name} readOnly={readOnly} onChange={(event) => set(index, { name: event.currentTarget.value })} />
                    <Textarea label="Description" autosize minRows={1} value={sub.description} readOnly={readOnly} onChange={(event) => set(index, { description: event.currentTarget.value })} />
                    <FlagEditor flag={sub.flag} onChange={(flag) => set(index, { flag })} problems={own} readOnly={readOnly} />
                    {!readOnly && <Button variant="subtle" color="red" size="xs" w="fit-content" leftSection={<IconTrash size={14} aria-hidden />} onClick={() => onChange(subs.filter((_, at) => at !== index))}>Remove {sub.name}</Button>}
                  </Stack>
                </Accordion.Panel>
              </Accordion.Item>
            );
          })}
        </Accordion>
      )}
      <AddSub taken={subs.map(({ key }) => key)} add={add} />
    </Stack>
  );
}

/** Flips at once: the switch of a sub-feature is no part of the form. */
function SubSwitch({ feature, sub, name }: { feature: Feature; sub: string; name: string }) {
  const console = useConsole();
  const queries = useQueryClient();
  const on = feature.sub_features.find(({ key }) => key === sub)?.enabled ?? false;
  const toggle = useMutation({
    mutationFn: (enabled: boolean) => write<Feature>(console, 'POST', `/api/v1/features/${feature.id}/sub-features/${encodeURIComponent(sub)}/toggle`, { body: { enabled } }),
    onSuccess: ({ data, revision }) => {
      putEntity(queries, console.environment, 'feature', data);
      noteWrite(console.environment, 'feature', feature.id, revision);
    },
    onError: notifyProblem,
  });
  return (
    <Guarded action="write_features">
      {(disabled) => <Switch color="teal" withThumbIndicator={false} checked={toggle.isPending ? toggle.variables : on} disabled={disabled || toggle.isPending} aria-label={`${name}: ${on ? 'on' : 'off'}`} onChange={(event) => toggle.mutate(event.currentTarget.checked)} />}
    </Guarded>
  );
}

function AddSub({ taken, add }: { taken: string[]; add: (key: string, name: string) => void }) {
  const [form, setForm] = useState<{ name: string; key: string; own: boolean }>();
  if (!form)
    return (
      <Guarded action="write_features">
        {(disabled) => <Button variant="light" size="xs" w="fit-content" disabled={disabled} leftSection={<IconPlus size={16} aria-hidden />} onClick={() => setForm({ name: '', key: '', own: false })}>Add a sub-feature</Button>}
      </Guarded>
    );
  const problem = form.key === '' ? null : taken.some((key) => key.toLowerCase() === form.key.toLowerCase()) ? 'Another sub-feature has this key.' : keyProblem(form.key);
  return (
    <Group align="flex-end" gap="sm">
      <TextInput label="Name" data-autofocus value={form.name} onChange={(event) => setForm({ ...form, name: event.currentTarget.value, ...(!form.own && { key: keyFor(event.currentTarget.value) }) })} />
      <KeyField description={null} value={form.key} error={problem} onChange={(event) => setForm({ ...form, key: event.currentTarget.value, own: event.currentTarget.value !== '' })} />
      <Button disabled={!form.name.trim() || form.key === '' || problem !== null} onClick={() => {
        add(form.key, form.name.trim());
        setForm(undefined);
      }}>Add</Button>
      <Button variant="default" onClick={() => setForm(undefined)}>Cancel</Button>
    </Group>
  );
}
