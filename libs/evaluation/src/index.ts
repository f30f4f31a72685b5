export { coverage } from './coverage';
export { expectedHit } from './expected-hit';
export { indexRecall, type ScoredItem } from './index-recall';
export { expectedNdcg, ndcgAtK } from './ndcg';
export { isAcceptable, pairedDifference, type PairedDifference } from './paired-difference';
export { createPopularity, type PopularItem, type Popularity } from './popularity';
export { rankOfTarget, type TargetRank } from './rank-of-target';
export { recallAtK } from './recall-at-k';
export { createRecallMeter, type RecallCounts, type RecallMeter } from './recall-meter';
