import { Instruments } from '../../src/book/instruments.ts'

/**
 * The instruments of the suite: 0 takes any price and up to 1,000,000 lots, 1 only 90 to 110 ticks and 50 lots,
 * 2 starts from a reference price and takes as many lots as a record holds, and 3 pauses for five seconds where a
 * trade would be more than 3 ticks from 100, and cancels the older of two orders of one client that meet.
 */
export function suiteInstruments(): Instruments {
  return new Instruments([
    { symbol: 'WIDE', tick: '1', lot: '1' },
    { symbol: 'NARROW', tick: '0.5', lot: '10', minPrice: '45', maxPrice: '55', maxQuantity: '500' },
    { symbol: 'LARGE', tick: '0.01', lot: '0.001', referencePrice: '1', maxQuantity: '2147483.647' },
    {
      symbol: 'BANDED',
      tick: '1',
      lot: '1',
      referencePrice: '100',
      priceBand: '3',
      pauseSeconds: 5,
      selfTrade: 'cancel-oldest',
    },
  ])
}
