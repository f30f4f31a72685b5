/**
 * Runs tasks in order, one in a turn of the event loop, so that many at once do not keep everything else waiting.
 *
 * @example
 * const soon = oneATurn();
 * soon(() => begin(socket));
 */
export function oneATurn(): (task: () => void) => void {
  const waiting: (() => void)[] = [];
  const run = (): void => {
    const task = waiting.shift();
    if (waiting.length > 0) setImmediate(run);
    task?.();
  };
  return (task) => {
    if (waiting.push(task) === 1) setImmediate(run);
  };
}
