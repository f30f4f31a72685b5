import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Clock, Logger } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError, OverloadedError } from './call-errors';
import { InvalidRequestError } from './invalid-request-error';
import { toStatus } from './status';

/** Bytes that are no message of the expected type: they get a status of their own instead of INTERNAL. */
export class MalformedMessage {
  constructor(readonly reason: string) {}
}

/** Runs calls: gives each a deadline and a signal, counts them, sheds what is too much, turns errors into statuses. */
export interface Calls {
  /** Calls that wait for their turn or are in work. */
  readonly inFlight: number;
  /**
   * Makes a grpc handler of a function. Calls start in the order they came, one in a turn of the event loop, and one that is no longer
   * wanted by then does not start. The signal aborts with {@link CallCancelledError} when the caller gave up, and with
   * {@link OutOfTimeError} when nine tenths of the time are over: the last tenth is for sending what is at hand.
   */
  unary<Request, Response>(
    handle: (request: Request, signal: AbortSignal) => Promise<Response>,
  ): handleUnaryCall<Request | MalformedMessage, Response>;
}

/** Limits of {@link createCalls}. */
export interface CallLimits {
  /** Time of a call that brings no deadline. */
  readonly defaultDeadlineMs: number;
  readonly maxInFlight: number;
}

/** Share of the remaining time that the work may take. */
const workShare = 0.9;

/** Longest time of a timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Creates the runner of calls of one server. */
export function createCalls({ defaultDeadlineMs, maxInFlight }: CallLimits, clock: Clock, logger: Logger): Calls {
  let inFlight = 0;
  const waiting: (() => void)[] = [];
  // Work mostly ends in the turn it starts in. Were it to start in the turn that delivers its call, then a turn that delivers many
  // would do them all before anything else: none could be shed, cancelled or run out of time.
  const takeTurn = (): void => {
    const start = waiting.shift();
    if (waiting.length > 0) setImmediate(takeTurn);
    start?.();
  };
  const nextTurn = (): Promise<void> =>
    new Promise((start) => {
      if (waiting.push(start) === 1) setImmediate(takeTurn);
    });
  const timeLeftMs = (deadlineMs: number, nowMs: number): number =>
    Number.isFinite(deadlineMs) ? Math.min(deadlineMs - nowMs, maxTimerMs) : defaultDeadlineMs;
  return {
    get inFlight() {
      return inFlight;
    },
    unary: (handle) => (call, reply) => {
      let answered = false;
      const answerOnce = (send: () => void): void => {
        if (answered) return;
        answered = true;
        send();
      };
      const fail = (error: unknown): void => answerOnce(() => reply(toStatus(error, logger, call.request)));

      const { request } = call;
      if (request instanceof MalformedMessage) {
        fail(new InvalidRequestError('request', 'a protobuf message of the method', request.reason));
        return;
      }
      if (inFlight >= maxInFlight) {
        fail(new OverloadedError(maxInFlight));
        return;
      }
      const arrivedMs = clock.nowMs();
      const timeMs = timeLeftMs(Number(call.getDeadline()), arrivedMs);
      if (timeMs <= 0) {
        fail(new OutOfTimeError());
        return;
      }
      const work = new AbortController();
      call.on('cancelled', () => work.abort(new CallCancelledError()));
      if (call.cancelled) work.abort(new CallCancelledError());
      const workTimer = setTimeout(() => work.abort(new OutOfTimeError()), timeMs * workShare);
      const replyTimer = setTimeout(() => fail(new OutOfTimeError()), timeMs);
      const start = async () => {
        await nextTurn();
        if (clock.nowMs() - arrivedMs >= timeMs * workShare) work.abort(new OutOfTimeError()); // its timer may be late
        work.signal.throwIfAborted();
        return handle(request, work.signal);
      };
      inFlight++;
      void start()
        .then((response) => answerOnce(() => reply(null, response)), fail)
        .finally(() => {
          inFlight--;
          clearTimeout(workTimer);
          clearTimeout(replyTimer);
        });
    },
  };
}
