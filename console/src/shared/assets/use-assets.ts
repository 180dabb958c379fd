// Files of platforms and features: the entity has references, the server has the bytes by their SHA-256.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import type { Schemas } from '@togglecast/admin';
import { useEffect, useState } from 'react';
import { unwrap } from '../api/problem';
import { useConsole, useRest } from '../console';
import { putEntity } from '../entities/cache';
import { kEntities, type EntityOf } from '../entities/types';
import { write } from '../entities/write';
import { noteWrite } from '../rollout/writes';

export type AssetOwner = 'platform' | 'feature';
export type Asset = Schemas['AssetReference'];
type Owner = { id: number; etag: string };

/** Kinds that the server lets a browser show in place. */
export const kPictures = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'];

export const addressOf = ({ sha256 }: Asset) => `${window.location.origin}/api/v1/assets/${sha256}`;

export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} bytes`;
  return bytes < 1024 * 1024 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** Puts a file, or takes it away without one. With the tag of the entity: a change of somebody else is not overwritten. */
export function useWriteAsset(type: AssetOwner) {
  const console = useConsole();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ owner, name, file }: { owner: Owner; name: string; file?: Blob }) =>
      write<EntityOf<AssetOwner>>(console, file ? 'PUT' : 'DELETE', `${kEntities[type].path}/${owner.id}/assets/${encodeURIComponent(name)}`, { etag: owner.etag, ...(file && { file }) }),
    onSuccess: ({ data, revision }) => {
      putEntity(queries, console.environment, type, data);
      noteWrite(console.environment, type, data.id, revision);
    },
  });
}

/** The bytes. They never change, so they are read once. */
function useBytes() {
  const rest = useRest();
  return ({ sha256 }: Asset) => unwrap(rest.GET('/api/v1/assets/{sha256}', { params: { path: { sha256 } }, parseAs: 'blob' })) as Promise<unknown> as Promise<Blob>;
}

/** An address of the picture in this page, while it is shown. */
export function usePicture(asset: Asset): string | undefined {
  const { environment } = useConsole();
  const read = useBytes();
  const { data } = useQuery({ queryKey: ['env', environment, 'asset', asset.sha256], queryFn: () => read(asset), enabled: kPictures.includes(asset.type), staleTime: Infinity });
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!data) return undefined;
    const made = URL.createObjectURL(data);
    setAddress(made);
    return () => {
      setAddress(undefined);
      URL.revokeObjectURL(made);
    };
  }, [data]);
  return address;
}

/** Saves the bytes as a file of the reader. The page never opens them: they may be a page themselves. */
export function useDownload() {
  const read = useBytes();
  return useMutation({
    mutationFn: async ({ name, asset }: { name: string; asset: Asset }) => {
      const address = URL.createObjectURL(await read(asset));
      const link = document.createElement('a');
      link.href = address;
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 60_000); // the browser reads it after the click
    },
  });
}
