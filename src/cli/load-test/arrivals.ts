import { ArrivalClock } from '../../operators/simulator/arrival-clock.ts'
import { FLOW_PROFILES } from '../../operators/simulator/profiles.ts'
import { Random } from '../../operators/simulator/random.ts'

const NS_PER_SECOND = 1e9
const PROFILE = FLOW_PROFILES['nasdaq-large-tick']

/** Times evenly apart, in nanoseconds since the start, without end. */
export function* uniformArrivals(perSecond: number): Generator<number, never> {
  for (let order = 0; ; order++) yield (order * NS_PER_SECOND) / perSecond
}

/**
 * Times in bursts: a self-exciting process whose mean rate is the one asked for. Of each arrival `branching` others
 * come, so that the base rate is the rest (Hawkes 1971).
 */
export function* burstyArrivals(perSecond: number, seed: number): Generator<number, never> {
  const clock = new ArrivalClock(new Random(seed), PROFILE, 1)
  clock.baseRates[0] = (perSecond * (1 - PROFILE.branching)) / NS_PER_SECOND
  clock.start(0)
  for (;;) {
    yield clock.dueNs[0]!
    clock.advance(true)
  }
}
