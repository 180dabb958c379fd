import { useConsole } from '../console';
import { permissionOf, roleIn, type Action, type Permission } from './roles';

/** May the reader do this here, or in the environment that is named? `reason` says why not. */
export function usePermission(action: Action, where?: string): Permission {
  const { session, environment } = useConsole();
  return permissionOf(session.admin, where ?? environment, action);
}

/** The reader's role in this environment. */
export function useRole() {
  const { session, environment } = useConsole();
  return roleIn(session.admin, environment);
}
