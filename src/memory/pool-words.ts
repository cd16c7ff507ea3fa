/**
 * What a pool of slots knows of itself: 4 words in its heap, so that compiled code takes and gives slots too.
 *
 *  word
 *   0  freeHead  the slot freed last, whose first word is the one freed before it; 0 if none is free
 *   1  top       the first slot of the newest run that nobody has had yet
 *   2  end       of that run
 *   3  used      slots in use
 */
export const POOL_WORDS = 4

export const POOL_FREE_HEAD = 0
export const POOL_TOP = 1
export const POOL_END = 2
export const POOL_USED = 3
