// Runs a Python script with Debian's interpreter (TOGGLECAST_PYTHON names another), to its end or a deadline.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.mjs';
import { Process } from './server.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../python');

/** Resolves with what the script printed; rejects with its error output. */
export async function python(script, args, { env = {}, ms = 40_000 } = {}) {
  const interpreter = process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3';
  const run = new Process(interpreter, ['-B', path.join(folder, script), ...args], { env: { ...process.env, ...env } });
  try {
    const { code } = await within(run.exited, `the end of ${script} ${args.join(' ')}`, ms);
    if (code !== 0) throw new Error(`${script} ended with ${code}:\n${run.output}`);
  } catch (error) {
    if (run.running) run.child.kill('SIGKILL');
    throw new Error(`${error.message}\n${run.output}`);
  }
  return run.stdout;
}
