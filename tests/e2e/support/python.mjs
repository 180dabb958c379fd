// Runs a Python script with Debian's interpreter (TOGGLECAST_PYTHON names another), to its end or a deadline.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './deadline.mjs';
import { Process } from './server.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../python');

/** Starts a script; `output` of the answer grows as it prints. */
export function startPython(script, args) {
  const interpreter = process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3';
  return new Process(interpreter, ['-B', path.join(folder, script), ...args]);
}

/** Resolves with what the script printed; rejects with its error output. */
export async function ended(run, what, ms = 40_000) {
  try {
    const { code } = await within(run.exited, `the end of ${what}`, ms);
    if (code !== 0) throw new Error(`${what} ended with ${code}`);
  } catch (error) {
    if (run.running) run.child.kill('SIGKILL');
    throw new Error(`${error.message}\n${run.output}`);
  }
  return run.stdout;
}

export const python = (script, args) => ended(startPython(script, args), `${script} ${args.join(' ')}`);
