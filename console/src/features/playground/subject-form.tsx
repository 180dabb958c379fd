import { NativeSelect, Paper, SegmentedControl, SimpleGrid, Stack, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { useEntityList } from '../../shared/entities/read';
import { JsonEditor, parseObject } from '../../shared/json/json-editor';
import { ClientSelect, useChosenClient } from '../../shared/ui/client-select';
import { useAddress } from '../../shared/use-search';
import type { Subject } from './subject';

const kMadeUp = '{\n  "region": "de"\n}';
const kNoContext = '{}';

/** Chooses who asks. The answer is undefined until there is somebody. */
export function SubjectForm({ onSubject }: { onSubject: (subject: Subject | undefined) => void }) {
  const [address, setAddress] = useAddress();
  const madeUp = address['who'] === 'new';
  const [attributes, setAttributes] = useState(address['attributes'] ?? kMadeUp);
  const [context, setContext] = useState(address['context'] ?? kNoContext);
  const { data: packages } = useEntityList('package');
  const client = useChosenClient(address['client'], !madeUp);
  const plan = address['package'] ?? 'all';
  const [settled] = useDebouncedValue(`${attributes}\n${context}`, 400);

  useEffect(() => {
    const [own, said] = [parseObject(attributes), parseObject(context)];
    if (own.problem !== undefined || said.problem !== undefined || (!madeUp && !client.id)) return onSubject(undefined);
    setAddress({ context: context === kNoContext ? undefined : context, attributes: madeUp && attributes !== kMadeUp ? attributes : undefined });
    onSubject({ context: said.value, client: madeUp ? { attributes: own.value, ...(plan !== 'all' && { package_id: plan === 'none' ? null : Number(plan) }) } : client.id! });
    // The texts count once nobody types.
    // eslint-disable-next-line react-hooks/exhaustive-deps
  }, [settled, madeUp, client.id, plan]);

  return (
    <Paper withBorder radius="md" p="md">
      <SimpleGrid cols={{ base: 1, sm: 2 }}>
        <Stack gap="sm">
          <SegmentedControl aria-label="Who asks" value={madeUp ? 'new' : 'client'} onChange={(who) => setAddress({ who: who === 'new' ? 'new' : undefined })} data={[{ value: 'client', label: 'A client' }, { value: 'new', label: 'A made-up client' }]} w="fit-content" />
          {madeUp ? (
            <>
              <NativeSelect label="Package" value={plan} onChange={(event) => setAddress({ package: event.currentTarget.value === 'all' ? undefined : event.currentTarget.value })}
                data={[{ value: 'all', label: 'One with everything' }, { value: 'none', label: 'No package' }, ...(packages ?? []).map(({ id, name }) => ({ value: String(id), label: name }))]} />
              <JsonEditor label="Attributes" description="Rules read them as client.…" value={attributes} onChange={setAttributes} error={parseObject(attributes).problem} minHeight={70} />
            </>
          ) : (
            <ClientSelect chosen={client} onChange={(id) => setAddress({ client: id ?? undefined })} />
          )}
          {!madeUp && client.attributes && <Text size="xs" c="dimmed">{Object.entries(client.attributes).map(([name, value]) => `${name}: ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`).join(' · ') || 'It has no attributes.'}</Text>}
        </Stack>
        <JsonEditor label="Context" description="What the connection says about itself, such as its user or version." value={context} onChange={setContext} error={parseObject(context).problem} minHeight={90} />
      </SimpleGrid>
    </Paper>
  );
}
