// What the kernel asks of the rest of the engine: the rare things, that take memory. ../state/kernel.ts answers.

/** Makes room for more slots of the pool whose words begin at a word. Returns 0 when no memory is left. */
export declare function extendPool(pool: i32): i32

/** Makes a table of buckets twice the size and begins to carry over, if there is memory for it. */
export declare function growIndex(): void

/** Takes back the table that has been carried over. */
export declare function endIndexGrowth(): void

/** Makes room for more event records; those that are there may move. */
export declare function growEvents(): void
