/**
 * How order ids say where an order came from, so that who reads the engine's events needs no table to tell:
 *
 *   1 to 2^40 - 1                 the file's own order
 *   2^40 + n                      the incoming order of run n
 *   id + k * 2^41, k up to 4,095  the file's order `id`, entered for the k-th time again
 *
 * An order is entered again under a new id because a venue may refuse one that it has seen not long ago.
 */
export const AGGRESSOR_BASE = 2 ** 40
export const CORRECTION_BASE = 2 ** 41

/** An order can be entered again as often as ids stay below 2^53. */
export const MAX_REENTRIES = 4_095

/** The id of the incoming order of a run; runs are numbered from 1. */
export function aggressorId(run: number): number {
  return AGGRESSOR_BASE + run
}

/** The run an incoming order stands for, or 0 for an order that stands for none. */
export function runOf(orderId: number): number {
  return orderId > AGGRESSOR_BASE && orderId < CORRECTION_BASE ? orderId - AGGRESSOR_BASE : 0
}

/** The id of a file's order that is entered again: the first time, the second time, and so on. */
export function reentryId(lobsterId: number, reentry: number): number {
  return lobsterId + reentry * CORRECTION_BASE
}

/** The file's id of a resting order, entered again or not. */
export function lobsterIdOf(orderId: number): number {
  return orderId % CORRECTION_BASE
}
