// @ts-check

// The page's side of the worker: a question is a promise.

/**
 * @param {string} address
 * @returns {{ ask: (what: string, given?: object, report?: (progress: any) => void, hand?: Transferable[]) => Promise<any>, end: () => void }}
 */
export function makeWorker(address) {
  const worker = new Worker(address, { type: "module" });
  const waiting = new Map();
  let last = 0;
  worker.addEventListener("message", ({ data: { id, progress, error, detail, result } }) => {
    const one = waiting.get(id);
    if (!one) return;
    if (progress !== undefined) return one.report?.(progress);
    waiting.delete(id);
    if (error) one.fail(failure(error, detail));
    else one.done(result);
  });
  worker.addEventListener("error", (event) => {
    event.preventDefault(); // it is told in a sentence
    const key = event.message ? "broken" : "connection"; // a script that did not arrive has nothing to say
    for (const { fail } of waiting.values()) fail(failure(key, event.message));
    waiting.clear();
  });
  return {
    ask: (what, given = {}, report, hand = []) =>
      new Promise((done, fail) => {
        waiting.set(++last, { done, fail, report });
        worker.postMessage({ id: last, ask: what, ...given }, hand);
      }),
    end: () => worker.terminate(),
  };
}

// An error that `fig.t` has a sentence for.
/** @param {string} key */
export const failure = (key, detail = "") => Object.assign(new Error(`${key} ${detail}`.trim()), { key });

// What the browser lacks, as the key of a sentence, or "".
export function lacking(scope = globalThis) {
  if (!scope.WebAssembly?.validate) return "noWasm";
  if (!scope.WebAssembly.validate(SIMD)) return "noSimd";
  const needed = ["OffscreenCanvas", "createImageBitmap", "DecompressionStream", "Worker"];
  return needed.every((name) => scope[name]) ? "" : "oldBrowser";
}
// The smallest module that holds one instruction of SIMD.
const SIMD = Uint8Array.from([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15, 253, 98, 11,
]);
