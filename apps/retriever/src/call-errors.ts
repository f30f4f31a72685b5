/** The caller gave up, or its connection broke: no work may follow. */
export class CallCancelledError extends Error {
  override readonly name = 'CallCancelledError';
  constructor() {
    super('the call was cancelled');
  }
}

/** The call's time is (nearly) over: what is at hand may still be sent, but nothing slow may start. */
export class OutOfTimeError extends Error {
  override readonly name = 'OutOfTimeError';
  constructor() {
    super('the deadline of the call is over');
  }
}

/** More calls come than are worked off; this one would only have waited. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError';
  constructor() {
    super('more calls than the retriever can answer; try again later, and with fewer');
  }
}

/** The index does not hold the item. */
export class UnknownItemError extends Error {
  override readonly name = 'UnknownItemError';
  constructor(readonly itemId: string) {
    super(`item_id: expected an item of the catalogue, found ${JSON.stringify(itemId)}`);
  }
}
