/**
 * What features are made of: the best prices of an instrument after something happened to its book, and what traded
 * in it. Training and serving hand the same numbers to the same object, wherever they come from.
 */
export interface BookFeed {
  /**
   * @param bidTicks best displayed prices, and the lots displayed there; 0 where a side shows nothing
   * @param signedLots lots that traded: above 0 where buyers were the aggressors, below 0 where sellers were
   * @param timeNs of the command that did it, in nanoseconds; only differences count
   */
  observe(
    instrument: number,
    bidTicks: number,
    bidLots: number,
    offerTicks: number,
    offerLots: number,
    signedLots: number,
    timeNs: number,
  ): void
}
