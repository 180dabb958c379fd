// A small file system in memory that a test can fill. It is mounted in a namespace of its own, which ends with the test at the
// latest. Root mounts it as such; any other user needs the right to make user namespaces, which Linux usually gives.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { Process } from './server.mjs';

const run = promisify(execFile);
const root = process.getuid() === 0;
const kMount = 'mount -t tmpfs -o "size=$1,mode=755" tmpfs "$2" && echo mounted && exec cat';

export class BoundedDisk {
  /** Mounts one of `size`, as mount(8) writes it, on an empty folder. Only the programs that `enter` starts see it there. */
  static async mount(folder, size) {
    const own = root ? [] : ['--user', '--map-current-user', '--keep-caps'];
    // Below a changed root (chroot) the namespace cannot cut its mounts off from others: there `unmount` takes this one away.
    await run('unshare', [...own, '--mount', 'true']).catch(() => own.push('--propagation', 'unchanged'));
    const disk = Object.assign(new BoundedDisk(), { folder });
    disk.holder = new Process('unshare', [...own, '--mount', 'sh', '-c', kMount, 'sh', size, folder], { stdio: ['pipe', 'pipe', 'pipe'] });
    await disk.holder.says('mounted').catch(({ message }) => {
      throw new Error(`a test of a full disk mounts a file system of ${size}, and this machine refuses that: run the tests as root, or allow `
        + `user namespaces (in a container: the capability SYS_ADMIN). ${message}`);
    });
    return disk;
  }

  /** The command line that runs `command` where the file system is. Its process id is that of the process which is started. */
  enter(command, args = []) {
    const own = root ? [] : ['--user', '--preserve-credentials'];
    return ['nsenter', [`--target=${this.holder.pid}`, ...own, '--mount', '--root', '--wd', command, ...args]];
  }

  /** Takes all room that is left. */
  async fill() {
    const error = await run(...this.enter('dd', ['if=/dev/zero', `of=${this.folder}/ballast`, 'bs=4k'])).catch((failure) => failure);
    if (!/No space left on device/.test(error?.stderr)) throw error;
  }

  /** Gives back what `fill` took. */
  async empty() {
    await run(...this.enter('rm', ['-f', `${this.folder}/ballast`]));
  }

  /** When no program uses it any more. */
  async unmount() {
    await run(...this.enter('umount', ['--lazy', this.folder])).catch(() => {});
    await this.holder.end('SIGKILL');
  }
}
