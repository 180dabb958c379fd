// Runs a Python script with Debian's interpreter (TOGGLECAST_PYTHON names another), to its end or a deadline.
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { until, within } from './deadline.mjs';
import { Process } from './server.mjs';

const folder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../python');

/** Starts a script; `output` of the answer grows as it prints. */
function startPython(script, args, options) {
  const interpreter = process.env.TOGGLECAST_PYTHON ?? '/usr/bin/python3';
  return new Process(interpreter, ['-B', path.join(folder, script), ...args], options);
}

/** Resolves with what the script printed; rejects with its error output. */
async function ended(run, what, ms = 120_000) {
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

/** A script that reads a JSON line and answers it by one: `ask(request)`, then `end()`. */
export function conversation(script, args) {
  const run = startPython(script, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let read = 0;
  return {
    async ask(request) {
      run.child.stdin.write(`${JSON.stringify(request)}\n`);
      let end;
      await until(() => (end = run.stdout.indexOf('\n', read)) >= 0 || !run.running, `an answer to ${JSON.stringify(request)}`, 60_000);
      if (end < 0) throw new Error(`${script} ended:\n${run.output}`);
      const line = run.stdout.slice(read, end);
      read = end + 1;
      return JSON.parse(line);
    },
    async end() {
      run.child.stdin.end();
      await ended(run, script);
    },
  };
}
