import { spawn } from 'node:child_process';
import { constants } from 'node:os';

import { SetupError } from './setup-error.mjs';

/** Characters of a command's output that are kept: its end, where errors stand. */
const keptCharacters = 64 * 1024;

/**
 * Runs commands one after the other. Each is the head of a process group of its own, so that a time limit, or the end of the setup
 * through `signal`, ends what npm or pip started as well. It must not write into a folder that is being removed.
 */
export function createRunner({ signal, defaultTimeoutMs = 1_800_000 }) {
  /** Runs a command to its end, and returns its status and output. A command that does not exist has status 127. */
  const run = (command, args, { cwd, env = {}, timeoutMs = defaultTimeoutMs } = {}) =>
    new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const child = spawn(command, args, {
        cwd,
        env: { ...process.env, ...env },
        detached: true,
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      let output = '';
      let isLate = false;
      const kill = () => killGroup(child.pid);
      const timer = setTimeout(() => {
        isLate = true;
        kill();
      }, timeoutMs);
      const end = (finish, value) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', kill);
        finish(value);
      };
      signal.addEventListener('abort', kill);
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding('utf8').on('data', (text) => (output = (output + text).slice(-keptCharacters)));
      }
      child.on('error', (error) => {
        if (error.code === 'ENOENT') end(resolve, { status: 127, output: `${command}: not found` });
        else end(reject, new SetupError(`${command}: ${error.message}`));
      });
      child.on('close', (status, killedBy) => {
        if (signal.aborted) end(reject, signal.reason);
        else if (isLate) end(resolve, { status: 124, output: `${output}\nno end after ${timeoutMs / 1000} s` });
        else if (killedBy) {
          end(resolve, { status: 128 + constants.signals[killedBy], output: `${output}\nended by ${killedBy}` });
        } else end(resolve, { status, output: output.trim() });
      });
    });

  /** Runs a command that must succeed, and returns its output. */
  const mustRun = async (what, command, args, options) => {
    const { status, output } = await run(command, args, options);
    if (status !== 0) throw new SetupError(`${what} ended with status ${status}:\n${lastLines(output)}`);
    return output;
  };

  return { run, mustRun };
}

/** Ends a process and all that it started. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if (error.code !== 'ESRCH') throw error; // it has ended already
  }
}

/** The end of a command's output, for a message. */
export function lastLines(output, lines = 8) {
  return output.trim().split('\n').slice(-lines).join('\n');
}

/** The line of a command's output that says best why it failed: the first error that is named, or the last line. */
export function reasonIn(output) {
  const named = output.split('\n').find((line) => /^\w*Error: /.test(line));
  return (named ?? lastLines(output, 1)).trim();
}
