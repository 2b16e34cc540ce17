// Lets the keyboard reach whatever scrolls sideways: wide tables and long equations.
// (The theme does the same for code.)
(() => {
  const SCROLLS = ".table-scroll, div.math";
  const mark = () => {
    for (const box of document.querySelectorAll(SCROLLS)) {
      if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  };
  const watch = new ResizeObserver(mark);
  for (const box of document.querySelectorAll(SCROLLS)) {
    watch.observe(box);
    for (const inside of box.children) watch.observe(inside);
  }
  window.MathJax?.startup?.promise?.then(mark);
  window.addEventListener("load", mark);
  mark();
})();
