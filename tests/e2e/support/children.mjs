// The programs that a test file has started.
export const running = new Set();

/** The child ends with this process at the latest. */
export function endWithUs(child) {
  const kill = () => child.kill('SIGKILL');
  running.add(child);
  process.once('exit', kill);
  const forget = () => {
    running.delete(child);
    process.removeListener('exit', kill);
  };
  child.once('exit', forget).once('error', forget);
}
