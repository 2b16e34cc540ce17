// @ts-check
// Makes a page of the book ready for paper: `tools/pdf.py` puts it into the page, and calls `prepare`.

// Paper has no folds, shows all pictures, and tells the answers.
async function unfold() {
  for (const fold of document.querySelectorAll("details.dropdown")) fold.setAttribute("open", "");
  for (const skip of document.querySelectorAll(".predict-buttons button:last-child")) {
    if (skip instanceof HTMLElement) skip.click();
  }
  const images = [...document.images];
  for (const image of images) image.loading = "eager";
  await Promise.all(images.map((image) => image.decode().catch(() => {})));
}

// Links within the book go to `book:<page>#<place>`, which becomes a place in the PDF; other files are on the web.
// Chromium names a place in the PDF if the page has a link to it, seen or not.
function link(site, web, pages, places) {
  for (const a of document.querySelectorAll("article a[href]")) {
    if (!(a instanceof HTMLAnchorElement) || !a.href.startsWith(site)) continue;
    const [file, place] = a.href.slice(site.length).split("#");
    const inside = pages.includes(file);
    a.href = `${inside ? "book:" : web}${file}${place ? `#${place}` : ""}`;
  }
  for (const place of places) {
    document.body.append(Object.assign(document.createElement("a"), { href: `#${place}`, hidden: true }));
  }
}

// The boxes that paper would cut off: those that scroll on a screen, and those that stick out of the text.
function cut() {
  const edge = document.querySelector("article")?.getBoundingClientRect().right ?? 0;
  const sticksOut = "pre, table, img, svg, mjx-container, .cnnlab";
  return [...document.querySelectorAll("article *")].filter((box) => {
    if (box.closest("mjx-assistive-mml") || !box.checkVisibility()) return false;
    if (box.matches(sticksOut) && box.getBoundingClientRect().right > edge + 1) return true;
    const scrolls = box.clientWidth > 0 && box.scrollWidth > box.clientWidth + 1;
    return scrolls && getComputedStyle(box).overflowX !== "visible" && !box.matches("input, textarea, select");
  });
}

// What would be cut off gets smaller, the outer box before the inner one. Gives back what still is.
function fit() {
  const edge = document.querySelector("article")?.getBoundingClientRect().right ?? 0;
  for (let [turn, boxes] = [0, cut()]; turn < 9 && boxes.length; turn += 1, boxes = cut()) {
    const outer = boxes.filter((box) => !boxes.some((other) => other !== box && other.contains(box)));
    for (const box of outer) {
      if (!(box instanceof HTMLElement || box instanceof SVGElement)) continue;
      const { left, right } = box.getBoundingClientRect();
      const room = Math.min(box.clientWidth / box.scrollWidth || 1, (edge - left) / (right - left));
      box.style.zoom = String(0.99 * room * (Number(getComputedStyle(box).zoom) || 1));
    }
  }
  return cut().map((box) => `${box.tagName} ${box.getAttribute("class")}: ${box.textContent?.trim().slice(0, 60)}`);
}

/** @param {{ site: string, web: string, pages: string[], places: string[], before: number, chapter: string }} given */
async function prepare({ site, web, pages, places, before, chapter }) {
  await unfold();
  link(site, web, pages, places);
  document.documentElement.style.counterReset = `page ${before}`;
  document.documentElement.style.setProperty("--chapter", JSON.stringify(chapter));
  return fit();
}

Object.assign(globalThis, { prepare });
