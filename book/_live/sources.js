// @ts-check

// The course's photographs, which the page asks for one by one.

import { bitmapOf } from "../../cnnlab/widgets/pictures.js";
import { failure } from "./ask.js";

/** @param {string} address */
export async function fetchedBitmap(address) {
  const response = await fetch(address).catch(() => null);
  if (!response?.ok) throw failure("noPhoto");
  return bitmapOf(await response.blob());
}
