import { type ServiceError, status } from '@grpc/grpc-js';

/** A call failed. The classes below say how; whatever is none of them, such as INTERNAL, is just this. */
export class CallError extends Error {
  override readonly name: string = 'CallError';
  /** Number of the gRPC status. */
  readonly code: number;
  /** What the retriever said, or grpc when no retriever was reached. */
  readonly details: string;
  /** Whether the same call may succeed later. UNAVAILABLE was then already tried up to three times. */
  readonly isRetriable: boolean = false;

  /** @param cause as grpc gave it; its `metadata` is what came beside the status. */
  constructor(override readonly cause: ServiceError) {
    super(`${status[cause.code] ?? cause.code}: ${cause.details}`);
    this.code = cause.code;
    this.details = cause.details;
  }
}

/** INVALID_ARGUMENT: the query cannot be answered as it stands. `details` names field, expected and found. */
export class InvalidQueryError extends CallError {
  override readonly name = 'InvalidQueryError';
  /** The field at fault, as the `.proto` file names it, such as `requests[3].limit`; undefined when the message names none. */
  readonly field: string | undefined;
  constructor(cause: ServiceError) {
    super(cause);
    this.field = /^([\w.[\]-]+): expected /.exec(cause.details)?.[1];
  }
}

/** NOT_FOUND: neighbours were asked for of an item that the index does not hold. */
export class UnknownItemError extends CallError {
  override readonly name = 'UnknownItemError';
}

/**
 * RESOURCE_EXHAUSTED: the retriever has more calls than it takes, or the caller more than its share; or the message is too large, which no
 * retry helps: then there is no `retryAfterMs`.
 */
export class OverloadedError extends CallError {
  override readonly name = 'OverloadedError';
  /** Pause that the retriever asks for. */
  readonly retryAfterMs: number | undefined;
  override readonly isRetriable: boolean;
  constructor(cause: ServiceError) {
    super(cause);
    const [pushback] = cause.metadata.get('grpc-retry-pushback-ms').map(Number);
    this.retryAfterMs = pushback !== undefined && pushback >= 0 ? pushback : undefined;
    this.isRetriable = this.retryAfterMs !== undefined;
  }
}

/** UNAVAILABLE: no retriever could be reached, or it has no version to serve yet, or it is about to end. */
export class UnavailableError extends CallError {
  override readonly name = 'UnavailableError';
  override readonly isRetriable = true;
}

/** DEADLINE_EXCEEDED: the time of the call was over before an answer came. */
export class OutOfTimeError extends CallError {
  override readonly name = 'OutOfTimeError';
  override readonly isRetriable = true;
}

/** CANCELLED: the signal of the call aborted. */
export class CancelledError extends CallError {
  override readonly name = 'CancelledError';
}

/** UNAUTHENTICATED or PERMISSION_DENIED: the credentials are missing, wrong, or do not allow this method. */
export class AccessDeniedError extends CallError {
  override readonly name = 'AccessDeniedError';
}

const classes: Readonly<Partial<Record<number, new (cause: ServiceError) => CallError>>> = {
  [status.INVALID_ARGUMENT]: InvalidQueryError,
  [status.NOT_FOUND]: UnknownItemError,
  [status.RESOURCE_EXHAUSTED]: OverloadedError,
  [status.UNAVAILABLE]: UnavailableError,
  [status.DEADLINE_EXCEEDED]: OutOfTimeError,
  [status.CANCELLED]: CancelledError,
  [status.UNAUTHENTICATED]: AccessDeniedError,
  [status.PERMISSION_DENIED]: AccessDeniedError,
};

/** The error of a status. */
export function toCallError(cause: ServiceError): CallError {
  return new (classes[cause.code] ?? CallError)(cause);
}
