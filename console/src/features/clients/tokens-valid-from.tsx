// Withdraws every token of a client at once: those that the server made, and those that trusted issuers have signed.
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconLock, IconLockX } from '@tabler/icons-react';
import type { Schemas } from '@togglecast/admin';
import { useState } from 'react';
import { unwrapWithRevision } from '../../shared/api/problem';
import { useRest } from '../../shared/console';
import { useSaveEntity } from '../../shared/entities/write';
import { fullTime } from '../../shared/time/time';
import { Confirm } from '../../shared/ui/confirm';
import { Guarded } from '../../shared/ui/guarded';
import { notifyDone, notifyProblem } from '../../shared/ui/notify';
import { useAddressDialog } from '../../shared/use-search';

type Client = Schemas['Client'];

export function ValidFrom({ client }: { client: Client }) {
  const dialog = useAddressDialog('withdraw');
  const rest = useRest();
  const save = useSaveEntity('client');
  const from = client.tokens_valid_from;
  const withdraw = async () => {
    // By the clock of the server: that of this computer may be wrong, and would refuse tokens that are made later. It says whole seconds,
    // and so do tokens: those of this second are refused.
    const { response } = await unwrapWithRevision(rest.GET('/api/v1/clients/{id}', { params: { path: { id: client.id } } }));
    const now = Date.parse(response.headers.get('Date') ?? '') || Math.floor(Date.now() / 1000) * 1000;
    return save.mutateAsync({ id: client.id, patch: { tokens_valid_from: new Date(now + 1000).toISOString() } });
  };
  return (
    <>
      <Alert color="gray" variant="light" icon={<IconLock aria-hidden />} title={from ? `Tokens signed before ${fullTime(from)} are refused` : 'Something has leaked?'} data-testid="valid-from">
        <Text size="sm" mb="xs">{from ? 'Those of trusted issuers, too. Tokens made since then count.' : 'Withdraw all tokens at once. Tokens that a trusted issuer has signed are not in this list, and are refused as well.'}</Text>
        <Group gap="xs">
          <Guarded action="write_clients">{(disabled) => <Button size="xs" variant="default" color="red" leftSection={<IconLockX size={16} aria-hidden />} disabled={disabled} onClick={() => dialog.open('all')}>Withdraw all tokens signed before now</Button>}</Guarded>
          {from && <Guarded action="write_clients">{(disabled) => <Button size="xs" variant="subtle" disabled={disabled} loading={save.isPending} onClick={() => save.mutate({ id: client.id, patch: { tokens_valid_from: null } }, { onSuccess: () => notifyDone('Older tokens count again', 'Those that were withdrawn one by one do not.'), onError: notifyProblem })}>Let older ones count again</Button>}</Guarded>}
        </Group>
      </Alert>
      {dialog.value === 'all' && <Ask client={client} withdraw={withdraw} onClose={dialog.close} />}
    </>
  );
}

function Ask({ client, withdraw, onClose }: { client: Client; withdraw: () => Promise<unknown>; onClose: () => void }) {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    setBusy(true);
    try {
      await withdraw();
      notifyDone('All tokens signed until now are withdrawn', 'Their connections have ended.');
      onClose();
    } catch (failure) {
      setError(failure);
      setBusy(false);
    }
  };
  return (
    <Confirm title={`Withdraw all tokens of ${client.name}?`} confirm="Withdraw all" action="write_clients" busy={busy} error={error} onClose={onClose} onConfirm={() => void confirm()}>
      <Text size="sm">Every program of {client.name} loses its connection at once, and needs a token that is made after this. Tokens of trusted issuers are refused, too.</Text>
    </Confirm>
  );
}
