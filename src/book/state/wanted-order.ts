/** A live order as an amend or a replace wants it. One object serves all: it is filled in anew for each command. */
export class WantedOrder {
  slot = 0
  /** Of its instrument. */
  block = 0
  /** Slid, if it is post-only and has to be. */
  priceTicks = 0
  totalLots = 0
  openLots = 0
  /** Trigger price, if it waits for one; else 0. */
  stopTicks = 0
  isWaiting = false
}
