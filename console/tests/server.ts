// The real server, on a port and a data folder of its own.
import path from 'node:path';
import { kPassword, own, RunningServer } from '../../clients/support/running-server';

export { kPassword, own, until, type Entity } from '../../clients/support/running-server';

process.env['TOGGLECAST_BIN_DIR'] ??= path.join(import.meta.dirname, '../../build/release/bin');

export class Server extends RunningServer {
  /** An admin with this role; its name and the password of all. */
  async admin(role: 'viewer' | 'editor' | 'owner'): Promise<string> {
    const username = own(role);
    await this.call('POST', '/api/v1/admins', { username, password: kPassword, role });
    return username;
  }
}
