import { startInTurns } from './start-in-turns';

const never = new AbortController().signal;

test('tasks run side by side, each started in a turn of its own', async () => {
  const events: string[] = [];
  let turn = 0;
  const count = () => {
    turn++;
    if (turn < 10) setImmediate(count);
  };
  setImmediate(count);
  let release: () => void = () => undefined;
  const released = new Promise<void>((resolve) => (release = resolve));
  const ended = await startInTurns(
    [
      async () => {
        events.push(`a in turn ${turn}`);
        await released; // by the second task: it would never end, did that one wait for it
        return 1;
      },
      async () => {
        events.push(`b in turn ${turn}`);
        release();
        return 2;
      },
      async () => {
        events.push(`c in turn ${turn}`);
        return 3;
      },
    ],
    never,
  );
  expect(events).toEqual(['a in turn 0', 'b in turn 1', 'c in turn 2']);
  expect(ended.map((each) => each.status === 'fulfilled' && each.value)).toEqual([1, 2, 3]);
});

test('it waits for all, though one fails', async () => {
  let isDone = false;
  const slow = async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    isDone = true;
  };
  const [failed] = await startInTurns([() => Promise.reject(new Error('away')), slow], never);
  expect(failed).toMatchObject({ status: 'rejected', reason: new Error('away') });
  expect(isDone).toBe(true);
});

test('what did not start by the signal does not start', async () => {
  const abort = new AbortController();
  const second = jest.fn();
  const ended = await startInTurns([async () => abort.abort(new Error('late')), second], abort.signal);
  expect(ended[1]).toMatchObject({ status: 'rejected', reason: new Error('late') });
  expect(second).not.toHaveBeenCalled();
});
