import { type Batch, RECORD_WORDS } from '../../book/index.ts'
import type { FallibleStep } from '../fused-steps.ts'
import type { Step } from '../operator.ts'
import type { StageFaults } from './stage-faults.ts'

/**
 * A step that may throw. The record that it threw at goes to the dead letters and no further; what it had made of it
 * is taken back. While its breaker is open records pass it by or are refused.
 */
export class GuardedStep implements FallibleStep {
  isAlive: boolean
  readonly output: Batch
  private readonly step: Step
  private readonly faults: StageFaults

  constructor(step: Step, faults: StageFaults) {
    this.isAlive = true
    this.output = step.output!
    this.step = step
    this.faults = faults
  }

  process(words: Int32Array, at: number): void {
    const { faults, output } = this
    const { breaker } = faults
    this.isAlive = true
    if (breaker.state !== 'closed' && !breaker.allows()) return faults.fallBack(words, at)
    const made = output === undefined ? 0 : output.count
    try {
      this.step.process(words, at)
    } catch (error) {
      this.isAlive = false
      if (output !== undefined) output.count = made
      return faults.failed(error, words, at)
    }
    breaker.succeeded()
  }

  processBatch(words: Int32Array, from: number, to: number): void {
    for (let at = from * RECORD_WORDS; at < to * RECORD_WORDS; at += RECORD_WORDS) this.process(words, at)
  }

  commit(): void {
    this.step.commit?.()
  }

  flush(): void {
    this.step.flush?.()
  }
}
