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
  readonly inFlight: number;
  /**
   * Makes a grpc handler of a function. Its signal aborts with {@link CallCancelledError} when the caller gave up, and with
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
  const timeLeftMs = (deadlineMs: number): number =>
    Number.isFinite(deadlineMs) ? Math.min(deadlineMs - clock.nowMs(), maxTimerMs) : defaultDeadlineMs;
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
      const fail = (error: unknown): void => answerOnce(() => reply(toStatus(error, logger)));

      const { request } = call;
      if (request instanceof MalformedMessage) {
        fail(new InvalidRequestError('request', 'a protobuf message of the method', request.reason));
        return;
      }
      if (inFlight >= maxInFlight) {
        fail(new OverloadedError(maxInFlight));
        return;
      }
      const timeMs = timeLeftMs(Number(call.getDeadline()));
      if (timeMs <= 0) {
        fail(new OutOfTimeError());
        return;
      }
      const work = new AbortController();
      call.on('cancelled', () => work.abort(new CallCancelledError()));
      if (call.cancelled) work.abort(new CallCancelledError());
      const workTimer = setTimeout(() => work.abort(new OutOfTimeError()), timeMs * workShare);
      const replyTimer = setTimeout(() => fail(new OutOfTimeError()), timeMs);
      inFlight++;
      void handle(request, work.signal)
        .then((response) => answerOnce(() => reply(null, response)), fail)
        .finally(() => {
          inFlight--;
          clearTimeout(workTimer);
          clearTimeout(replyTimer);
        });
    },
  };
}
