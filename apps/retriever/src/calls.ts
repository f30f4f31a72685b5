import { type handleUnaryCall, status } from '@grpc/grpc-js';
import type { Clock, Logger } from '@gatehouse/runtime';

import { CallCancelledError, OutOfTimeError } from './call-errors';
import { InvalidRequestError } from './invalid-request-error';
import type { Admission } from './overload/admission';
import { toStatus } from './status';
import type { Telemetry } from './telemetry';
import type { Tracing } from './tracing';

/** Bytes that are no message of the expected type: they get a status of their own instead of INTERNAL. */
export class MalformedMessage {
  constructor(readonly reason: string) {}
}

/** Runs calls: gives each a deadline and a signal, counts them, sheds what is too much, turns errors into statuses. */
export interface Calls {
  /** Calls that wait for their turn or are in work. */
  readonly inFlight: number;
  /**
   * Makes the grpc handler of a method of a function. Calls start when they are admitted, and one that is no longer wanted by then does not start.
   * The signal aborts with {@link CallCancelledError} when the caller gave up, and with
   * {@link OutOfTimeError} when nine tenths of the time are over: the last tenth is for sending what is at hand.
   */
  unary<Request, Response>(
    method: string,
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

/** Collaborators of {@link createCalls}. */
export interface CallParts {
  readonly admission: Admission;
  readonly telemetry: Pick<Telemetry, 'answered' | 'spent'>;
  readonly tracing: Pick<Tracing, 'call' | 'stage'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Creates the runner of calls of one server. */
export function createCalls(
  { defaultDeadlineMs }: CallLimits,
  { admission, telemetry, tracing, clock, logger }: CallParts,
): Calls {
  let inFlight = 0;
  const timeLeftMs = (deadlineMs: number, nowMs: number): number =>
    Number.isFinite(deadlineMs) ? Math.min(deadlineMs - nowMs, maxTimerMs) : defaultDeadlineMs;
  return {
    get inFlight() {
      return inFlight;
    },
    unary: (method, handle) => (call, reply) => {
      const beganMs = clock.monotonicMs();
      const span = tracing.call(method, call.metadata);
      let answered = false;
      const answerOnce = (send: () => status): void => {
        if (answered) return;
        answered = true;
        const code = send();
        telemetry.answered(method, status[code], clock.monotonicMs() - beganMs);
        span.end(code);
      };
      const fail = (error: unknown): void =>
        answerOnce(() => {
          const answer = span.run(() => toStatus(error, logger, call.request)); // what it logs can name the trace
          reply(answer);
          return answer.code ?? status.INTERNAL;
        });

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
        const leave = await tracing.stage('queue', () => admission.enter(work.signal));
        telemetry.spent('queue', clock.monotonicMs() - beganMs);
        try {
          if (clock.nowMs() - arrivedMs >= timeMs * workShare) work.abort(new OutOfTimeError()); // its timer may be late
          work.signal.throwIfAborted();
          return await handle(request, work.signal);
        } finally {
          leave();
        }
      };
      inFlight++;
      void span
        .run(start)
        .then(
          (response) =>
            answerOnce(() => {
              reply(null, response);
              return status.OK;
            }),
          fail,
        )
        .finally(() => {
          inFlight--;
          clearTimeout(workTimer);
          clearTimeout(replyTimer);
        });
    },
  };
}
