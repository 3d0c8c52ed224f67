import type { Problem } from '../placement';
import { SEVERITIES } from '../rules';

/** How many findings are listed; all of them are counted. */
export interface ListLimits {
  readonly perRule: number;
  readonly total: number;
}

export const DEFAULT_LIMITS: ListLimits = { perRule: 1000, total: 10_000 };
export const NO_LIMITS: ListLimits = { perRule: Infinity, total: Infinity };

/** Findings of a file of any size: the first of each rule, and how many there are. */
export class ProblemList {
  readonly counts: Record<string, number> = {};
  readonly #kept: Problem[] = [];
  readonly #keptOf: Record<string, number> = {};

  constructor(private readonly perRule: number) {}

  add(problem: Problem): void {
    this.count(problem.rule, 1);
    this.keep(problem);
  }

  /** For findings that are counted elsewhere. */
  keep(problem: Problem): void {
    const kept = (this.#keptOf[problem.rule] ?? 0) + 1;
    if (kept > this.perRule) return;
    this.#keptOf[problem.rule] = kept;
    this.#kept.push(problem);
  }

  count(rule: string, count: number): void {
    this.counts[rule] = (this.counts[rule] ?? 0) + count;
  }

  /** Whether the next finding of the rule would be listed: only then is its place worth looking for. */
  hasRoom(rule: string): boolean {
    return (this.#keptOf[rule] ?? 0) < this.perRule;
  }

  get kept(): readonly Problem[] {
    return this.#kept;
  }

  /** What is listed of the other rules, in order of its place. When there is too much, the least severe and the last go first. */
  listed(total: number, hidden: ReadonlySet<string>): Problem[] {
    const byPlace = (a: Problem, b: Problem): number => a.line - b.line || a.column - b.column;
    const kept = this.#kept.filter(({ rule }) => !hidden.has(rule)).sort(byPlace);
    if (kept.length <= total) return kept;
    const bySeverity = (a: Problem, b: Problem): number =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity);
    return kept.toSorted(bySeverity).slice(0, total).sort(byPlace);
  }
}
