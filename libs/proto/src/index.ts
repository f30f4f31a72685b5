export { decodeStrictly, NotUtf8Error } from './decode-strictly';
export {
  BatchRetrieveRequest,
  BatchRetrieveResponse,
  Candidate,
  CandidateServiceClient,
  type CandidateServiceServer,
  CandidateServiceService,
  type FeatureValue,
  type Filter,
  type Freshness,
  type HistoryEntry,
  RetrieveRequest,
  RetrieveResponse,
  type Scalar,
  SimilarItemsRequest,
  SimilarItemsResponse,
  type SourceScore,
} from './gen/gatehouse/v1/candidate_service';
export { candidateServiceDescriptors } from './gen/descriptors';
export { Impression as ImpressionMessage } from './gen/gatehouse/v1/impression';
