// Answers of the server that depend on many entities, such as decisions: read again soon after one of these has changed.
import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { EntityType } from '@togglecast/admin';
import { useLive } from '../console';

const kPause = 500; // ms between two reads while changes go on

/** `concerns` tells whether a change of this entity may change what the key has. */
export function useRefresh(key: QueryKey, concerns: (type: EntityType, id: number) => boolean) {
  const live = useLive();
  const queries = useQueryClient();
  const asked = useRef({ key, concerns });
  asked.current = { key, concerns };
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard = (type: EntityType, id: number) => {
      if (!asked.current.concerns(type, id)) return;
      timer ??= setTimeout(() => {
        timer = undefined;
        void queries.invalidateQueries({ queryKey: asked.current.key }, { cancelRefetch: false });
      }, kPause);
    };
    const leave = [
      live.on('platform_update', (update) => heard('platform', update.platform_id)),
      live.on('feature_update', (update) => heard('feature', update.feature_id)),
      live.on('package_update', (update) => heard('package', update.package_id)),
      live.on('entity_update', (update) => heard(update.entity_type, update.entity_id)),
    ];
    return () => {
      clearTimeout(timer);
      for (const each of leave) each();
    };
  }, [live, queries]);
}
