import type { RingStatus } from '#keys';

const WIDTH = 30;

/** `[#########---------------------] 30 %  1234 of 4113 leads`; whole when there is nothing to do. */
export function rewritingBar({ leads, leadsToRewrite }: Pick<RingStatus, 'leads' | 'leadsToRewrite'>): string {
  const done = Math.max(0, leads - leadsToRewrite);
  const share = leads === 0 ? 1 : done / leads;
  const filled = Math.floor(share * WIDTH);
  return `[${'#'.repeat(filled)}${'-'.repeat(WIDTH - filled)}] ${Math.floor(share * 100)} %  ${done} of ${leads} leads`;
}
