import type { DifferencePlace } from './pg-what-ifs.js';
import type { LeadDifference, WhatIf } from './what-if.js';
import type { DifferenceShape, WhatIfShape } from './what-if-shapes.js';

/** As routes and `--json` show it. */
export function whatIfAnswer(run: WhatIf): WhatIfShape {
  const { filter, summary } = run;
  return {
    id: run.id,
    tenant: run.tenantId,
    draft: run.draftVersion,
    compared_with: run.comparedVersion,
    baseline: run.baseline,
    filter: {
      from: filter.from.toISOString(),
      to: filter.to.toISOString(),
      source: filter.source,
      limit: filter.limit,
      warm_up_hours: filter.warmUpHours,
    },
    status: run.status,
    problem: run.problem,
    total: run.total,
    done: run.done,
    leads_per_second: leadsPerSecond(run),
    summary: {
      changed: summary.changed,
      decisions: summary.decisions,
      duplicates: summary.duplicates,
      routes: summary.routes,
      payloads: summary.payloads,
      recorded_otherwise: summary.recordedOtherwise,
      not_compared: summary.notCompared,
      poison: summary.poison,
      broken: summary.broken,
    },
    requested_by: run.requestedBy,
    created_at: run.createdAt.toISOString(),
    finished_at: run.finishedAt?.toISOString() ?? null,
    promoted_at: run.promotedAt?.toISOString() ?? null,
  };
}

export function leadsPerSecond({ done, summary, createdAt, updatedAt, finishedAt }: WhatIf): number {
  const seconds = ((finishedAt ?? updatedAt).getTime() - createdAt.getTime()) / 1000;
  return seconds <= 0 ? 0 : Math.round((done + summary.notCompared) / seconds);
}

export function differenceAnswer({ leadId, kind, subject, before, after }: LeadDifference): DifferenceShape {
  return { lead_id: leadId, kind, subject, before, after };
}

export function cursorOf({ leadId, kind, subject }: DifferencePlace): string {
  return `${leadId}~${kind}~${subject}`;
}

/** @param cursor checked: three parts */
export function placeOf(cursor: string): DifferencePlace {
  const [leadId = '', kind = '', subject = ''] = cursor.split('~');
  return { leadId, kind, subject };
}
