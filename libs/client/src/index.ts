export type {
  BatchRetrieveResponse,
  Candidate,
  Freshness,
  RetrieveResponse,
  SimilarItemsResponse,
  SourceScore,
} from '@gatehouse/proto';
export {
  AccessDeniedError,
  CallError,
  CancelledError,
  InvalidQueryError,
  OutOfTimeError,
  OverloadedError,
  UnavailableError,
  UnknownItemError,
} from './call-errors';
export {
  type CallChoices,
  type CandidateClient,
  type CandidateClientOptions,
  createCandidateClient,
  InsecureAddressError,
  PlaintextTokenError,
} from './candidate-client';
export type { FeatureValue, Filter, RetrieveQuery, Scalar, SimilarItemsQuery } from './request';
