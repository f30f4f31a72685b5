import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

/** Where and when figures were measured. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly node: string;
  /** Short hash, with `+` when the working tree differs from it. */
  readonly commit: string;
  /** ISO date. */
  readonly date: string;
}

/** Reads the facts of this run. */
export function describeMachine(): Machine {
  const git = (...args: string[]): string => spawnSync('git', args, { encoding: 'utf8' }).stdout.trim();
  const [first] = cpus();
  const isDirty = git('status', '--porcelain', '--untracked-files=no', '--', ':!docs') !== '';
  return {
    cpu: first?.model.trim() ?? 'unknown',
    cores: cpus().length,
    node: process.versions.node,
    commit: `${git('rev-parse', '--short', 'HEAD') || 'unknown'}${isDirty ? '+' : ''}`,
    date: new Date().toISOString().slice(0, 10),
  };
}

/** The facts in one line. */
export function machineLine({ cpu, cores, node, commit, date }: Machine): string {
  return `Measured ${date} at ${commit} on ${cpu} (${cores} cores), Node ${node}.`;
}
