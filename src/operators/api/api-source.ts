import type { Batch } from '../../book/index.ts'
import type { Market } from '../../pipeline/market.ts'
import type { Source } from '../../pipeline/operator.ts'
import { apiDoor, type ApiDoor } from './door.ts'

/** Commands that come in over HTTP and WebSocket while the server runs. It ends when it is stopped. */
export class ApiSource implements Source {
  private readonly door: ApiDoor
  private isStopped: boolean

  constructor(market: Market) {
    this.door = apiDoor(market)
    this.isStopped = false
  }

  pull(batch: Batch, upTo: number): boolean {
    this.door.pull(batch, upTo)
    return !(this.isStopped && this.door.isEmpty)
  }

  ready(): Promise<void> {
    return this.door.ready()
  }

  stop(): void {
    this.isStopped = true
    this.door.tell()
  }
}
