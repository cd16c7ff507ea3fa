/** Why new orders of an instrument need more than matching. */
export const Care = { state: 1, band: 2, selfTrade: 4, stops: 8 } as const
