import { Badge, Group, Text, Tooltip } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { unwrap } from '../../shared/api/problem';
import { useConsole } from '../../shared/console';
import { TimeAgo } from '../../shared/time/time-ago';
import { kSources, sourceOf, type Issuer } from './issuers';

const kAgain = 10_000; // ms; keys of URLs and files come and go without a change of the issuer

/** The keys that the server has of an issuer now, and why its last look for them failed. */
export function KeyState({ of }: { of: Issuer }) {
  const { admin, environment } = useConsole();
  const { data } = useQuery({
    queryKey: ['env', environment, 'keys of issuer', of.id, of.etag],
    queryFn: ({ signal }) => unwrap(admin.rest.GET('/api/v1/issuers/{id}/keys', { params: { path: { id: of.id } }, signal })),
    refetchInterval: kAgain,
  });
  const source = sourceOf(of);
  const from = kSources.find(({ value }) => value === source)!.label;
  const comes = source === 'jwks_url' || source === 'jwks_file'; // from elsewhere, so it has a time
  if (!data) return <Text size="sm" c="dimmed">{from}</Text>;
  const count = data.keys.length;
  const names = data.keys.map(({ kid, alg }) => `${kid || 'without a name'} (${alg})`).join(', ');
  return (
    <div>
      <Group gap={6} wrap="nowrap">
        <Tooltip label={names} multiline maw={320} disabled={count === 0}><Text size="sm" tabIndex={count > 0 ? 0 : undefined} component="span">{count === 0 ? 'none' : `${count} ${count === 1 ? 'key' : 'keys'}`}</Text></Tooltip>
        {data.error && <Tooltip label={data.error} multiline maw={360}><Badge size="sm" color="orange" variant="light" tt="none" tabIndex={0} leftSection={<IconAlertTriangle size={12} aria-hidden />}>cannot be read</Badge></Tooltip>}
      </Group>
      <Text size="xs" c="dimmed">{from}{comes && data.fetched_at && <>, read <TimeAgo time={data.fetched_at} /></>}</Text>
    </div>
  );
}
