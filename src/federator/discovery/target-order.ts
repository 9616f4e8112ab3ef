import type { SrvTarget } from '../faces.ts';

/**
 * The order to try targets in (RFC 2782): by priority, and inside one priority by repeated draws in proportion to the
 * weights. A weight of 0 beside others counts as 1/256 of a weight of 1: "a very small chance", whatever the order.
 *
 * @param random a uniform integer in `[0, bound)`.
 */
export function orderTargets(
  targets: readonly SrvTarget[],
  random: (bound: number) => number,
): readonly SrvTarget[] {
  if (targets.length < 2) return targets;
  const priorities = [...new Set(targets.map(({ priority }) => priority))].sort((one, other) => one - other);
  return priorities.flatMap((priority) =>
    drawAll(
      targets.filter((target) => target.priority === priority),
      random,
    ),
  );
}

function drawAll(group: readonly SrvTarget[], random: (bound: number) => number): readonly SrvTarget[] {
  const left = [...group];
  const drawn: SrvTarget[] = [];
  while (left.length > 1) {
    const sum = left.reduce((total, target) => total + shareOf(target), 0);
    let ticket = random(sum);
    const index = left.findIndex((target) => {
      ticket -= shareOf(target);
      return ticket < 0;
    });
    drawn.push(...left.splice(index, 1));
  }
  return [...drawn, ...left];
}

/** At most 64 targets of weight 65535: the sum stays far below what a draw can take. */
function shareOf({ weight }: SrvTarget): number {
  return weight === 0 ? 1 : weight * 256;
}
