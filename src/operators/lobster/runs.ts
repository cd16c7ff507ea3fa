import { type LobsterMessage, MessageType } from './messages.ts'

/** Executions that were one incoming order, which met several resting ones. */
export interface AggressorRun {
  /** From 1, in the order of the file. */
  readonly number: number
  /** In the order of the file, all at the same time and on the same side; at least one. */
  readonly executions: readonly LobsterMessage[]
  /** An order in it was never announced: it was there before the file began, or came from outside its window. */
  readonly leftOut: boolean
}

/**
 * Puts together again what the file tells apart: executions with the same time and the same resting side, one behind
 * the other, are one incoming order. Hidden executions between them do not part them, for the incoming order met those
 * on its way; a submission, a cancel or a row nobody can read does.
 */
export class AggressorRuns {
  /** Runs so far. */
  count: number
  private readonly isAnnounced: (orderId: number) => boolean
  private open: LobsterMessage[]

  /** @param isAnnounced whether a submission with this order id has come */
  constructor(isAnnounced: (orderId: number) => boolean) {
    this.count = 0
    this.isAnnounced = isAnnounced
    this.open = []
  }

  /**
   * Takes the next message.
   * @returns the run that it ends, if it ends one: that run comes before the message
   */
  next(message: LobsterMessage): AggressorRun | undefined {
    if (message.type > MessageType.execution) return undefined
    if (message.type < MessageType.execution) return this.end()
    const first = this.open[0]
    const isSame = first?.time === message.time && first.direction === message.direction
    const ended = isSame ? undefined : this.end()
    this.open.push(message)
    return ended
  }

  /** Ends the run that is open, if one is: at the end of the file, or where it cannot be read. */
  end(): AggressorRun | undefined {
    const executions = this.open
    if (executions.length === 0) return undefined
    this.open = []
    this.count++
    return {
      number: this.count,
      executions,
      leftOut: executions.some(({ orderId }) => !this.isAnnounced(orderId)),
    }
  }
}
