/** The byte at which a word of the heap begins. Addresses in here are bytes; what lies in the heap are words. */
// @ts-ignore: decorator
@inline
export function byteOf(word: i32): usize {
  return (<usize>word) << 2
}

/** The word that begins at a byte. */
// @ts-ignore: decorator
@inline
export function wordOf(byte: usize): i32 {
  return <i32>(byte >>> 2)
}
