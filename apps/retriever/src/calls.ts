import type { handleUnaryCall } from '@grpc/grpc-js';
import type { Clock, Logger } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from './call-errors';
import { InvalidRequestError } from './invalid-request-error';
import type { Admission } from './overload/admission';
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
   * Makes a grpc handler of a function. Calls start when they are admitted, and one that is no longer wanted by then does not start.
   * The signal aborts with {@link CallCancelledError} when the caller gave up, and with
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
}

/** Share of the remaining time that the work may take. */
const workShare = 0.9;

/** Longest time of a timer. */
const maxTimerMs = 2 ** 31 - 1;

/** Creates the runner of calls of one server. */
export function createCalls(
  { defaultDeadlineMs }: CallLimits,
  admission: Admission,
  clock: Clock,
  logger: Logger,
): Calls {
  let inFlight = 0;
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
      const arrivedMs = clock.nowMs();
      const timeMs = timeLeftMs(Number(call.getDeadline()), arrivedMs);
      if (timeMs <= 0) {
        fail(new OutOfTimeError());
        return;
      }
      const work = new AbortController();
      call.on('cancelled', () => {
        if (!answered) work.abort(new CallCancelledError()); // it comes after every answer too
      });
      if (call.cancelled) work.abort(new CallCancelledError());
      const workTimer = setTimeout(() => work.abort(new OutOfTimeError()), timeMs * workShare);
      const replyTimer = setTimeout(() => fail(new OutOfTimeError()), timeMs);
      const start = async () => {
        const leave = await admission.enter(work.signal);
        try {
          if (clock.nowMs() - arrivedMs >= timeMs * workShare) work.abort(new OutOfTimeError()); // its timer may be late
          work.signal.throwIfAborted();
          return await handle(request, work.signal);
        } finally {
          leave();
        }
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
