// Answers of the server that depend on many entities, such as decisions: read again soon after one of these has changed.
import { useQueryClient, type QueryKey } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import type { EntityType } from '@togglecast/admin';
import { useLive } from '../console';
import { ReadAgain } from './read-again';

const kPause = 500; // ms between two reads while changes go on

/** `concerns` tells whether a change of this entity may change what the key has. */
export function useRefresh(key: QueryKey, concerns: (type: EntityType, id: number) => boolean) {
  const live = useLive();
  const queries = useQueryClient();
  const name = JSON.stringify(key);
  const concerned = useRef(concerns);
  concerned.current = concerns;
  useEffect(() => {
    const again = new ReadAgain(queries, JSON.parse(name) as QueryKey, kPause);
    const heard = (type: EntityType, id: number) => void (concerned.current(type, id) && again.soon());
    const leave = [
      live.on('platform_update', (update) => heard('platform', update.platform_id)),
      live.on('feature_update', (update) => heard('feature', update.feature_id)),
      live.on('package_update', (update) => heard('package', update.package_id)),
      live.on('entity_update', (update) => heard(update.entity_type, update.entity_id)),
    ];
    return () => {
      again.stop();
      for (const each of leave) each();
    };
  }, [live, queries, name]);
}
