import { checkPattern, checkReadPath, checkScalar } from './check-rules.js';
import type { DestinationConfig } from './destination-config.js';
import type { ProblemList } from './problem-list.js';
import type { RouteCondition, RouteConfig } from './route-config.js';

const PARAMETERS = ['pattern', 'value', 'values', 'min', 'max'] as const;
const PARAMETERS_OF: Readonly<Record<RouteCondition['check'], readonly (typeof PARAMETERS)[number][]>> = {
  present: [],
  filled: [],
  equals: ['value'],
  in: ['values'],
  matches: ['pattern'],
  between: ['min', 'max'],
};

export function checkRoutes(routes: readonly RouteConfig[], destinations: readonly DestinationConfig[], problems: ProblemList): void {
  const names = destinations.map((destination) => destination?.name);
  routes.forEach((route, r) => {
    const path = `routes[${r}]`;
    if (!problems.isSound(path)) return;
    if ((route.when != null) === (route.otherwise === true)) {
      problems.add(
        path,
        route.when == null
          ? 'has neither when nor otherwise; write when: [] to take every lead, or otherwise: true to take what no other route takes'
          : 'has when and otherwise; otherwise takes what no other route takes, so remove one of the two',
      );
    }
    route.when?.forEach((condition, c) => checkCondition(condition, `${path}.when[${c}]`, problems));
    route.to.forEach((name, n) => {
      if (!names.includes(name))
        problems.add(`${path}.to[${n}]`, `names no destination; use one of: ${names.join(', ') || '(none is configured)'}`);
      else if (route.to.indexOf(name) !== n) problems.add(`${path}.to[${n}]`, 'stands in this list already; remove it');
    });
    const first = routes.findIndex((other) => other?.name === route.name);
    if (route.name != null && first !== r) problems.add(`${path}.name`, `is already the name of routes[${first}]; choose another`);
  });
}

function checkCondition(condition: RouteCondition, path: string, problems: ProblemList): void {
  const wanted = PARAMETERS_OF[condition.check];
  for (const parameter of PARAMETERS) {
    const given = condition[parameter] != null;
    if (given && !wanted.includes(parameter))
      problems.add(`${path}.${parameter}`, `has no use beside the check "${condition.check}"; remove it, or change the check`);
    if (!given && wanted.includes(parameter) && condition.check !== 'between')
      problems.add(`${path}.${parameter}`, `is missing; the check "${condition.check}" compares with it`);
  }
  condition.field.forEach((field, f) => checkReadPath(field, `${path}.field[${f}]`, problems));
  if (condition.pattern != null) checkPattern(condition.pattern, `${path}.pattern`, problems);
  if (condition.value != null) checkScalar(condition.value, `${path}.value`, problems);
  condition.values?.forEach((value, v) => checkScalar(value, `${path}.values[${v}]`, problems));
  const { min, max } = condition;
  if (condition.check === 'between' && min == null && max == null)
    problems.add(path, 'has neither min nor max; the check "between" needs at least one of them');
  if (min != null && max != null && min > max) problems.add(`${path}.min`, 'is greater than max, so no number would fit; exchange the two');
}
