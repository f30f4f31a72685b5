import { spawnSync } from 'node:child_process';

/** Something that the setup needs is not there. The message says what to do. */
export class MissingError extends Error {}

/** Runs a command to its end, and returns its status and what it printed. A command that does not exist has status 127. */
export function run(command, args, { cwd, timeoutMs = 1_800_000, env = {} } = {}) {
  const { status, error, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    timeout: timeoutMs,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${stdout ?? ''}${stderr ?? ''}`.trim();
  if (error?.code === 'ENOENT') return { status: 127, output: `${command}: not found` };
  if (error) return { status: 1, output: `${command}: ${error.message}\n${output}` };
  return { status: status ?? 1, output };
}

/** The end of a command's output, for a message. */
export function lastLines(output, lines = 6) {
  return output.split('\n').slice(-lines).join('\n');
}

/** Runs a command that must succeed. */
export function mustRun(what, command, args, options) {
  const { status, output } = run(command, args, options);
  if (status !== 0) throw new MissingError(`${what} ended with status ${status}:\n${lastLines(output)}`);
  return output;
}
