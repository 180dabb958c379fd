import { Alert, Button, Checkbox, Drawer, Group, NativeSelect, Paper, Stack, Text, TextInput } from '@mantine/core';
import { IconFlag, IconInfoCircle, IconSearch, IconUserQuestion } from '@tabler/icons-react';
import { Link } from '@tanstack/react-router';
import { useEffect, useMemo, useRef, useState } from 'react';
import type { Schemas } from '@togglecast/admin';
import { useConsole, useLive } from '../../shared/console';
import { useDrafts } from '../../shared/drafts';
import { useEntityList } from '../../shared/entities/read';
import { useShortcut } from '../../shared/shortcuts';
import type { PreviewChange } from '../../shared/ui/confirm-impact';
import { Page } from '../../shared/ui/page';
import { EmptyState, ErrorState, Loaded } from '../../shared/ui/states';
import { useAddress, useAddressDialog } from '../../shared/use-search';
import { FlagList } from './flag-list';
import { decisionsOf, fits, flagsOf } from './flags';
import { SubjectForm } from './subject-form';
import { useEffective, type Subject } from './subject';
import { Why } from './why';

type Feature = Schemas['Feature'];

export default function PlaygroundPage() {
  const features = useEntityList('feature');
  const [subject, setSubject] = useState<Subject>();
  return (
    <Page title="Playground" description="What a client gets, and why: every flag with the step that decided it. A sub-feature is a flag of its own. Nothing is written, and no connection is told.">
      <Loaded query={features}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState icon={IconFlag} title="No features yet" action={<Button component={Link} to="/features" variant="light">To the features</Button>}>Make a feature first. Then this page says who gets it, and why.</EmptyState>
          ) : (
            <>
              <SubjectForm onSubject={setSubject} />
              {subject ? <Flags features={all} subject={subject} /> : (
                <EmptyState icon={IconUserQuestion} title="Who asks?">Choose a client, or make one up with the attributes that your rules read.</EmptyState>
              )}
            </>
          )
        }
      </Loaded>
    </Page>
  );
}

const kPause = 1000; // ms; many changes at once ask again once

/** The newest revision that this page has heard of: answers of an older one are asked for again. */
function useRevision() {
  const live = useLive();
  const [revision, setRevision] = useState(0);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let newest = 0;
    const off = live.on('activity', (entry) => {
      if (entry.environment === 'system') return;
      newest = entry.revision;
      timer ??= setTimeout(() => {
        timer = undefined;
        setRevision(newest);
      }, kPause);
    });
    return () => {
      clearTimeout(timer);
      off();
    };
  }, [live]);
  return revision;
}

function Flags({ features, subject }: { features: Feature[]; subject: Subject }) {
  const [address, setAddress] = useAddress();
  const why = useAddressDialog('flag');
  const search = useRef<HTMLInputElement>(null);
  const revision = useRevision();
  const { draft, panel } = useDraftChoice();
  const exists = typeof subject.client === 'number';
  const effective = useEffective(subject, revision);
  const known = useMemo(() => (exists && effective.data ? decisionsOf(effective.data) : undefined), [exists, effective.data]);
  useShortcut('/', 'Search flags', () => search.current?.focus());
  const query = (address['q'] ?? '').trim().toLowerCase();
  const show = address['show'] ?? '';
  // What a draft changes stands first.
  const drafted = useMemo(() => new Set(draft.map(({ entity_id }) => entity_id)), [draft]);
  const flags = useMemo(() => flagsOf(features, drafted), [features, drafted]);
  const shown = useMemo(
    () => flags.filter((flag) => fits(flag, query) && (!show || !known || known.get(flag.name)?.enabled === (show === 'on'))),
    [flags, query, show, known],
  );
  const opened = flags.find(({ name }) => name === why.value);
  return (
    <Stack gap="sm">
      {panel}
      <Group gap="sm">
        <TextInput ref={search} w={320} maw="100%" aria-label="Search flags" placeholder="Name or key" leftSection={<IconSearch size={16} aria-hidden />} value={address['q'] ?? ''} onChange={(event) => setAddress({ q: event.currentTarget.value })} />
        {exists && <NativeSelect aria-label="Which flags" value={show} onChange={(event) => setAddress({ show: event.currentTarget.value })} data={[{ value: '', label: 'All flags' }, { value: 'on', label: 'On for it' }, { value: 'off', label: 'Off for it' }]} />}
        {known && <Text size="sm" c="dimmed" role="status">{[...known.values()].filter(({ enabled }) => enabled).length} of {known.size} on</Text>}
      </Group>
      {effective.error && <ErrorState error={effective.error} retry={() => void effective.refetch()} />}
      {shown.length === 0 ? <Text size="sm" c="dimmed">No flag fits.</Text> : exists && !known ? null : (
        <FlagList flags={shown} known={known} subject={subject} draft={draft} revision={revision} onOpen={why.open} />
      )}
      <Drawer opened={opened !== undefined} onClose={why.close} position="right" size="lg" title={opened ? `Why: ${opened.title}` : ''}>
        {opened && <Why key={opened.name} flag={opened} subject={subject} draft={draft} revision={revision} />}
      </Drawer>
    </Stack>
  );
}

/** Which changes that are not saved count: those of the address. */
function useDraftChoice() {
  const { environment, session } = useConsole();
  const drafts = useDrafts(`${environment}/${session.admin.id}`);
  const [address, setAddress] = useAddress();
  const chosen = (address['draft'] ?? '').split(',').filter(Boolean);
  const named = drafts.map((draft) => ({ name: `${draft.entityType}-${draft.id}`, draft }));
  const picked = named.filter(({ name }) => chosen.includes(name));
  const key = JSON.stringify(picked.map(({ draft }) => draft.change));
  const draft = useMemo(() => JSON.parse(key) as PreviewChange[], [key]);
  const lost = chosen.filter((name) => !named.some((each) => each.name === name));
  const panel = (
    <>
      {lost.length > 0 && <Alert color="gray" variant="light" icon={<IconInfoCircle aria-hidden />}>A draft of this address is gone: it was saved or discarded, or the page was loaded again. The answers are those of what is saved.</Alert>}
      {named.length > 0 ? (
        <Paper withBorder radius="md" p="sm" role="group" aria-label="Drafts">
          <Text size="sm" fw={600} mb={6}>Try with changes that are not saved</Text>
          <Group gap="md">
            {named.map(({ name, draft: each }) => (
              <Checkbox key={name} label={`${each.name} (${each.entityType})`} checked={chosen.includes(name)} onChange={({ currentTarget: { checked } }) => setAddress({ draft: (checked ? [...chosen, name] : chosen.filter((other) => other !== name)).join(',') })} />
            ))}
          </Group>
        </Paper>
      ) : <Text size="sm" c="dimmed">To try a change before it is saved, make it on the page of a feature or a segment and press “Try it” there.</Text>}
    </>
  );
  return { draft, panel };
}
