interface Waiter {
  readonly bytes: number;
  resolve(buffer: Buffer): void;
  reject(error: unknown): void;
}

/**
 * Lends the memory that parts are collected in. Buffers are used again, so that memory does not grow with the
 * archive, and there are never more bytes than the budget: whoever wants another waits, and so does the pipe
 * behind it, and so does pg_dump. For one borrower at a time.
 */
export class PartBuffers {
  private free: Buffer[] = [];
  private lentBytes = 0;
  private bytesEach = 0;
  private waiter: Waiter | undefined;
  private closedBy: { readonly error: unknown } | undefined;

  /** @param budget how many bytes may exist at once while buffers have the given size */
  constructor(private readonly budget: (bytesEach: number) => number) {}

  /** A buffer with unknown content. Sizes only change now and then: buffers of the former size are let go. */
  async borrow(bytes: number): Promise<Buffer> {
    if (this.closedBy) throw this.closedBy.error;
    if (bytes !== this.bytesEach) {
      this.bytesEach = bytes;
      this.free = [];
    }
    return (
      this.take(bytes) ??
      new Promise((resolve, reject) => {
        this.waiter = { bytes, resolve, reject };
      })
    );
  }

  giveBack(buffer: Buffer): void {
    this.lentBytes -= buffer.length;
    if (buffer.length === this.bytesEach) this.free.push(buffer);
    const waiter = this.waiter;
    const next = waiter && this.take(waiter.bytes);
    if (!next) return;
    this.waiter = undefined;
    waiter.resolve(next);
  }

  /** Ends the wait of whoever waits, and every later one, with the error. */
  close(error: unknown): void {
    this.closedBy ??= { error };
    this.waiter?.reject(error);
    this.waiter = undefined;
  }

  private take(bytes: number): Buffer | undefined {
    const kept = this.free.pop();
    // Not from Node's shared pool, and not zeroed: every byte that is sent was written first.
    const buffer =
      kept ?? (this.lentBytes + bytes <= this.budget(bytes) ? Buffer.allocUnsafeSlow(bytes) : undefined);
    if (buffer) this.lentBytes += bytes;
    return buffer;
  }
}
