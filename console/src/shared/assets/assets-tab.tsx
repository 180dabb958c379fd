import { ActionIcon, Button, CopyButton, Group, Paper, Stack, Table, Text, Tooltip } from '@mantine/core';
import { IconCheck, IconDownload, IconFile, IconLink, IconPlus } from '@tabler/icons-react';
import { kEntities } from '../entities/types';
import { compareTexts } from '../order';
import { Confirm } from '../ui/confirm';
import { Guarded } from '../ui/guarded';
import { notifyDone, notifyProblem } from '../ui/notify';
import { EmptyState } from '../ui/states';
import { useAddressDialog } from '../use-search';
import classes from './assets.module.css';
import { UploadDialog } from './upload-dialog';
import { addressOf, sizeText, useDownload, usePicture, useWriteAsset, type Asset, type AssetOwner } from './use-assets';

interface Props {
  type: AssetOwner;
  entity: { id: number; name: string; etag: string; assets?: { [name: string]: Asset } };
}

/** The files of a platform or a feature. */
export function AssetsTab({ type, entity }: Props) {
  const dialog = useAddressDialog('file');
  const deletion = useAddressDialog('delete-file');
  const deleting = deletion.value !== undefined && entity.assets?.[deletion.value] ? deletion.value : undefined;
  const files = Object.entries(entity.assets ?? {}).sort(([a], [b]) => compareTexts(a, b));
  const add = (
    <Guarded action={kEntities[type].write}>{(disabled) => <Button leftSection={<IconPlus size={16} aria-hidden />} disabled={disabled} onClick={() => dialog.open('new')}>Add a file</Button>}</Guarded>
  );
  return (
    <>
      {files.length === 0 ? (
        <EmptyState icon={IconFile} title="No files yet" action={add}>Logos, style sheets, models: files that clients of {entity.name} need beside its values. Connected clients hear of a new version at once, and read it by its address.</EmptyState>
      ) : (
        <Stack gap="sm">
          <Group justify="space-between">
            <Text size="sm" c="dimmed">Clients that see this {kEntities[type].noun} read the files with their token. The bytes of an address never change.</Text>
            {add}
          </Group>
          <Paper withBorder radius="md">
            <Table.ScrollContainer minWidth={640} type="native" tabIndex={0}>
              <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Files">
                <Table.Thead><Table.Tr><Table.Th w={64}><span className="visually-hidden">Picture</span></Table.Th><Table.Th>Name</Table.Th><Table.Th>Type</Table.Th><Table.Th ta="right">Size</Table.Th><Table.Th w={300}><span className="visually-hidden">What to do with it</span></Table.Th></Table.Tr></Table.Thead>
                <Table.Tbody>{files.map(([name, asset]) => <Row key={name} type={type} name={name} asset={asset} onReplace={() => dialog.open(`replace:${name}`)} onDelete={() => deletion.open(name)} />)}</Table.Tbody>
              </Table>
            </Table.ScrollContainer>
          </Paper>
        </Stack>
      )}
      {dialog.value !== undefined && <UploadDialog key={dialog.value} type={type} entity={entity} replaces={dialog.value.startsWith('replace:') ? dialog.value.slice(8) : undefined} onClose={dialog.close} />}
      {deleting !== undefined && <Delete type={type} entity={entity} name={deleting} onClose={deletion.close} />}
    </>
  );
}

function Row({ type, name, asset, onReplace, onDelete }: { type: AssetOwner; name: string; asset: Asset; onReplace: () => void; onDelete: () => void }) {
  const picture = usePicture(asset);
  const download = useDownload();
  return (
    <Table.Tr data-testid={`file-${name}`}>
      <Table.Td>{picture ? <img src={picture} alt={`Picture of ${name}`} className={classes['picture']} /> : <IconFile size={24} stroke={1.5} aria-hidden />}</Table.Td>
      <Table.Td><Text size="sm" fw={500} ff="monospace">{name}</Text></Table.Td>
      <Table.Td><Text size="sm" c="dimmed">{asset.type}</Text></Table.Td>
      <Table.Td ta="right"><Text size="sm">{sizeText(asset.size)}</Text></Table.Td>
      <Table.Td>
        <Group gap={4} wrap="nowrap" justify="flex-end">
          <CopyButton value={addressOf(asset)}>
            {({ copied, copy }) => <Tooltip label={copied ? 'Copied' : 'Copy the address'}><ActionIcon variant="subtle" color="gray" onClick={copy} aria-label={`Copy the address of ${name}`}>{copied ? <IconCheck size={16} aria-hidden /> : <IconLink size={16} aria-hidden />}</ActionIcon></Tooltip>}
          </CopyButton>
          <Tooltip label="Download"><ActionIcon variant="subtle" color="gray" loading={download.isPending} onClick={() => download.mutate({ name, asset }, { onError: notifyProblem })} aria-label={`Download ${name}`}><IconDownload size={16} aria-hidden /></ActionIcon></Tooltip>
          <Guarded action={kEntities[type].write}>{(disabled) => <Button size="compact-sm" variant="subtle" disabled={disabled} onClick={onReplace} aria-label={`Replace ${name}`}>Replace</Button>}</Guarded>
          <Guarded action={kEntities[type].write}>{(disabled) => <Button size="compact-sm" variant="subtle" color="red" disabled={disabled} onClick={onDelete} aria-label={`Delete ${name}`}>Delete</Button>}</Guarded>
        </Group>
      </Table.Td>
    </Table.Tr>
  );
}

function Delete({ type, entity, name, onClose }: Props & { name: string; onClose: () => void }) {
  const remove = useWriteAsset(type);
  return (
    <Confirm title={`Delete the file ${name}?`} confirm="Delete" action={kEntities[type].write} busy={remove.isPending} error={remove.error} onClose={onClose}
      onConfirm={() => remove.mutate({ owner: entity, name }, {
        onSuccess: () => {
          notifyDone(`${name} is deleted`, 'The history can undo it.');
          onClose();
        },
      })}>
      <Text size="sm">Clients of {entity.name} hear at once that it is gone.</Text>
    </Confirm>
  );
}
