// @ts-check

// The reader's own pictures: a file that is chosen, dropped or pasted, and the camera. Nothing leaves the device. What cannot be
// used is an error with the key of a sentence, which a figure's own words have.

const LEAST = 16; // pixels on a side
const MOST = 100e6; // pixels: what a browser can just keep

/** @type {(key: string, values?: object) => Error} */
const unfit = (key, values = {}) => Object.assign(new Error(key), { key, values });

/** @param {Blob} file */
export async function isHeic(file) {
  const head = await file.slice(4, 12).text();
  return /^ftyp(hei|hev|mif|msf)/.test(head);
}

/** @param {Blob} file */
export async function bitmapOf(file) {
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap) throw unfit((await isHeic(file)) ? "heic" : "noPicture");
  const { width, height } = bitmap;
  const wrong = Math.min(width, height) < LEAST ? "tooSmall" : width * height > MOST ? "tooLarge" : "";
  if (!wrong) return bitmap;
  bitmap.close();
  throw unfit(wrong, { width, height, least: LEAST, most: MOST / 1e6 });
}

// ---- files: chosen, dropped, pasted ----

/**
 * @param {import("./frame.js").Fig} fig
 * @param {HTMLInputElement} input
 * @param {(file: Blob | null) => void} take gets null where there was none
 */
export function takeFiles(fig, input, take) {
  const first = (list) => [...(list ?? [])].find((item) => item instanceof Blob) ?? null;
  fig.listen(input, "change", () => {
    if (input.files?.length) take(first(input.files));
    input.value = ""; // so that the same file can be chosen again
  });
  fig.listen(fig.el, "dragover", (event) => event.preventDefault());
  fig.listen(fig.el, "drop", (event) => {
    event.preventDefault();
    take(first(event.dataTransfer.files));
  });
  fig.listen(document, "paste", (event) => {
    if (event.target.closest?.("input, textarea")) return;
    const [file, within] = [first(event.clipboardData?.files), document.activeElement?.closest(".cnnlab")];
    if (within ? within === fig.el : file) take(file); // one that another figure has the focus for is not ours
  });
}

// ---- the camera ----

const REFUSED = { NotAllowedError: "cameraRefused", NotFoundError: "cameraNone", NotReadableError: "cameraBusy" };

// One picture after another: `take(bitmap)` is awaited, and `gone(key)` says why it ended. Gives what stops it. The camera is
// not left on in a page that nobody sees.
/**
 * @param {(bitmap: ImageBitmap) => Promise<void>} take
 * @param {(key: string) => void} gone
 */
export async function openCamera(take, gone) {
  const devices = navigator.mediaDevices;
  if (!devices?.getUserMedia) throw unfit("cameraInsecure");
  const wanted = { video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "environment" } };
  const stream = await devices.getUserMedia(wanted).catch((error) => {
    throw unfit(REFUSED[error.name] ?? "cameraNone");
  });
  const video = Object.assign(document.createElement("video"), { muted: true, playsInline: true, srcObject: stream });
  let open = true;
  const stop = () => {
    open = false;
    document.removeEventListener("visibilitychange", unseen);
    for (const track of stream.getTracks()) track.stop();
  };
  const end = (key) => {
    if (open) gone(key);
    stop();
  };
  const unseen = () => document.hidden && end("cameraHidden");
  await video.play().catch(() => {
    stop();
    throw unfit("cameraBusy");
  });
  if (document.hidden) {
    stop(); // the reader left while the browser asked
    throw unfit("cameraHidden");
  }
  document.addEventListener("visibilitychange", unseen);
  stream.getVideoTracks()[0].addEventListener("ended", () => end("cameraGone"));
  const next = async () => {
    while (open) {
      const bitmap = await createImageBitmap(video);
      if (!open) return bitmap.close(); // it was stopped meanwhile
      await take(bitmap);
      await new Promise((done) => setTimeout(done)); // the page may be touched between two pictures
    }
  };
  next().catch(() => end("cameraGone"));
  return stop;
}
