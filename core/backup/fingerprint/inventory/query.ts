/** A statement that gives `identity` and `definition` (text[]) for each object of a kind. */
export interface InventoryQuery {
  /** In the words of the error message: "index public.orders_pkey is missing". */
  readonly kind: string;
  readonly sql: string;
  /**
   * Whether the definition is short enough to be kept itself.
   * @default 'hash' its hash is kept
   */
  readonly value?: 'hash' | 'text';
}
