/** Runs tasks one after another; a failed one does not stop the next. */
export type SerialQueue = <T>(task: () => Promise<T>) => Promise<T>;

/**
 * Makes a queue.
 *
 * @example
 * const inTurn = createSerialQueue();
 * await Promise.all([inTurn(writeFirst), inTurn(writeSecond)]); // never at once
 */
export function createSerialQueue(): SerialQueue {
  let last: Promise<unknown> = Promise.resolve();
  return (task) => {
    const result = last.then(task);
    last = result.catch(() => undefined); // the caller of that task has the error
    return result;
  };
}
