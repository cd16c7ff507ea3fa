import { readEvent, type EngineEvent } from '../../book/index.ts'
import type { Step } from '../../pipeline/operator.ts'

export type EventCallback = (event: EngineEvent) => void

/** Hands every event to a function as an object. */
export class Callback implements Step {
  private readonly callback: EventCallback

  constructor(callback: EventCallback) {
    this.callback = callback
  }

  process(words: Int32Array, at: number): void {
    this.callback(readEvent(words, at))
  }
}
