import { Batch } from '../../book/index.ts'
import type { Inputs } from './edge-inputs.ts'
import { Task, type TaskParts } from './task.ts'

/** Steps behind an edge. */
export class StepsTask extends Task {
  private readonly inputs: Inputs
  private readonly batch: Batch
  private advancedTo: number

  constructor(parts: TaskParts, inputs: Inputs, nowMs: number) {
    super(parts, nowMs)
    this.inputs = inputs
    this.batch = new Batch(parts.batchRecords)
    this.advancedTo = 0
  }

  run(nowMs: number): number {
    const { inputs, batch } = this
    const { outputs, batchRecords } = this.parts
    if (!inputs.hasRecords()) {
      if (inputs.isOver()) return this.end(nowMs)
      const watermark = inputs.watermark()
      this.rest('idle', nowMs)
      if (watermark <= this.advancedTo || outputs.edges.length === 0) return 0
      // Nothing came, but it is known that nothing will up to here: others may wait for that.
      this.advancedTo = watermark
      outputs.advance(watermark, nowMs)
      return nowMs
    }
    const room = this.admitted(batchRecords, nowMs)
    if (room === 0) return 0
    this.account.enter('busy', nowMs)
    batch.count = 0
    this.clock.batchBegan()
    const count = inputs.read(batch, room, nowMs)
    this.clock.passBy(count)
    const made = this.steps.process(batch)
    outputs.expanded(count, made.count)
    this.clock.batchEnded()
    const ended = this.worked(count)
    this.advancedTo = inputs.watermark()
    outputs.advance(this.advancedTo, ended)
    return ended
  }
}
