import { type Pointer, searchCurveOf, searchEffortOf } from '@gatehouse/artifacts';

import { formatTable } from '../format';

/** What each width of search found and cost when the index that serves was built, cheapest first. */
export function formatCurve(servable: Pointer | undefined): string {
  if (!servable) return 'no index serves yet';
  const chosen = searchEffortOf(servable);
  const curve = searchCurveOf(servable);
  if (curve.length === 0) return `index ${servable.indexId ?? ''}: brought back, so nothing was measured`;
  const rows = curve.map(({ effort, recall, ms }) => [
    String(effort),
    recall.toFixed(4),
    ms.toFixed(3),
    effort === chosen ? 'chosen' : '',
  ]);
  return [`index ${servable.indexId ?? ''}`, formatTable(['effort', 'recall', 'ms', ''], rows)].join('\n');
}
