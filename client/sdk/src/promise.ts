/** A promise, and what settles it. */
export interface PromiseWithHandles<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

/** A promise to settle later. That nobody looks at it is no "unhandled rejection". */
export function promiseWithHandles<T>(): PromiseWithHandles<T> {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  promise.catch(() => undefined);
  return { promise, resolve, reject };
}
