/** The store was emptied or exchanged while somebody was joining: the reader comes back and is told. */
export class StoreChanged extends Error {}
