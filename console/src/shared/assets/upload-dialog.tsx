import { Alert, Button, FileInput, Group, Stack, Text, TextInput } from '@mantine/core';
import { IconInfoCircle, IconUpload } from '@tabler/icons-react';
import { useState } from 'react';
import { kEntities } from '../entities/types';
import { Dialog } from '../ui/dialog';
import { Guarded } from '../ui/guarded';
import { KeyField, keyProblem } from '../ui/key-field';
import { notifyDone } from '../ui/notify';
import { ErrorState } from '../ui/states';
import { sizeText, useWriteAsset, type Asset, type AssetOwner } from './use-assets';

const kUnknown = 'application/octet-stream';
// As the server takes it, without parameters.
const isMediaType = (text: string) => /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+$/.test(text);

/** "Company logo.png" is `Company-logo.png`. */
const nameFor = (file: string) => file.normalize('NFKD').replace(/[\u0300-\u036f]/g, '').replace(/[^A-Za-z0-9._:|~-]+/g, '-').replace(/^[^A-Za-z0-9_]+/, '').slice(0, 100);

/** Adds a file to an entity, or puts a new version of one in its place. */
export function UploadDialog({ type, entity, replaces, onClose }: {
  type: AssetOwner; entity: { id: number; name: string; etag: string; assets?: { [name: string]: Asset } }; replaces: string | undefined; onClose: () => void;
}) {
  const [file, setFile] = useState<File | null>(null);
  const [name, setName] = useState(replaces ?? '');
  const [mediaType, setMediaType] = useState('');
  const [tried, setTried] = useState(false);
  const put = useWriteAsset(type);
  const wrongName = name === '' ? 'Enter a name.' : keyProblem(name);
  const wrongType = isMediaType(mediaType) ? null : 'Write a type such as image/png.';
  const known = entity.assets?.[name];
  const choose = (chosen: File | null) => {
    setFile(chosen);
    put.reset();
    if (!chosen) return;
    setMediaType(chosen.type || kUnknown);
    if (!replaces) setName(nameFor(chosen.name));
  };
  return (
    <Dialog opened onClose={onClose} title={replaces ? `Replace ${replaces}` : `New file of ${entity.name}`}>
      <form noValidate onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!file || wrongName || wrongType) return;
        put.mutate({ owner: entity, name, file: file.slice(0, file.size, mediaType) }, {
          onSuccess: () => {
            notifyDone(`${name} is there`, 'Connected clients have heard of it.');
            onClose();
          },
        });
      }}>
        <Stack>
          <FileInput label="File" description="The server takes 1 MiB, unless it was started with another limit." placeholder="Choose a file" leftSection={<IconUpload size={16} aria-hidden />} clearable clearButtonProps={{ 'aria-label': 'Choose another file' }} value={file} onChange={choose} data-autofocus
            error={tried && !file && 'Choose a file.'} />
          {file && <Text size="sm" c="dimmed">{sizeText(file.size)}</Text>}
          {!replaces && <KeyField label="Name" description="Code asks for the file by it." value={name} onChange={(event) => setName(event.currentTarget.value)} error={tried && wrongName} />}
          <TextInput label="Type" description="Its media type. Clients are told." spellCheck={false} value={mediaType} onChange={(event) => setMediaType(event.currentTarget.value.trim())} error={tried && file && wrongType} />
          {!replaces && known && <Alert color="orange" variant="light" icon={<IconInfoCircle aria-hidden />}>There is a file {name} already, of {sizeText(known.size)}. This one replaces it.</Alert>}
          {put.error && <ErrorState error={put.error} />}
          <Group justify="flex-end" gap="xs">
            <Button variant="default" onClick={onClose}>Cancel</Button>
            <Guarded action={kEntities[type].write}>{(disabled) => <Button type="submit" disabled={disabled} loading={put.isPending}>{replaces || known ? 'Replace' : 'Add'}</Button>}</Guarded>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}
