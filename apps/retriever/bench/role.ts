import { fork } from 'node:child_process';

/** A process of the bench that plays one part, and ends when it is told to or when its parent is gone. */
export interface RoleProcess<Answer> {
  readonly answer: Promise<Answer>;
  end(): void;
}

const variable = 'GATEHOUSE_BENCH_ROLE';

/** Plays the role that this process was started for; false in the process that starts the others. */
export async function playRole(roles: Readonly<Record<string, (input: never) => Promise<unknown>>>): Promise<boolean> {
  const name = process.env[variable];
  if (name === undefined) return false;
  process.once('disconnect', () => process.exit());
  const input = await new Promise((resolve) => process.once('message', resolve));
  process.send!(await roles[name](input as never));
  return true;
}

/** Starts this bundle again as another role. */
export function startRole<Answer>(name: string, input: object): RoleProcess<Answer> {
  const child = fork(process.argv[1], process.argv.slice(2), { env: { ...process.env, [variable]: name } });
  const answer = new Promise<Answer>((resolve, reject) => {
    child.once('message', (message) => resolve(message as Answer));
    child.once('exit', (code) => reject(new Error(`${name}: expected an answer, found its end with code ${code}`)));
  });
  child.send(input);
  return { answer, end: () => child.kill('SIGKILL') };
}
