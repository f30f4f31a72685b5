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
   * Makes the grpc handler of a method of a function, and learns how long a query of it takes: an answer has one unless told otherwise.
   * Calls start when they are admitted, and one that is no longer wanted by then does not start.
   * The signal aborts with {@link CallCancelledError} when the caller gave up, and with
   * {@link OutOfTimeError} when nine tenths of the time are over: the last tenth is for sending what is at hand.
   */
  unary<Request, Response>(
    method: string,
    handle: (request: Request, signal: AbortSignal) => Promise<Response>,
    queriesOf?: (response: Response) => number,
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
    unary:
      (method, handle, queriesOf = () => 1) =>
      (call, reply) => {
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
          let queries = 0;
          try {
            if (clock.nowMs() - arrivedMs >= timeMs * workShare) work.abort(new OutOfTimeError()); // its timer may be late
            work.signal.throwIfAborted();
            const response = await handle(request, work.signal);
            queries = queriesOf(response);
            return response;
          } catch (error) {
            // Work that ran out of time shows how slow the engine is; refusals show nothing.
            if (error instanceof OutOfTimeError) queries = 1;
            throw error;
          } finally {
            leave(queries);
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
