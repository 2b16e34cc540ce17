// @ts-nocheck: it changes two objects of Sphinx's searchtools.js, which runs before it.

// The page about a thing comes first: its name or its title has the words. Then what else a room's pages say, then the pages
// around them, then what one looks up, functions too, and last the solutions.
Scorer.score = ([page, title, anchor, , score]) => {
  const words = (text) => splitQuery(text.toLowerCase());
  const asked = words(new URLSearchParams(location.search).get("q") ?? "");
  const [folder, name] = [page.split("/").slice(0, -1).join("/"), page.split("/").at(-1)];
  const has = (text) => asked.length > 0 && asked.every((word) => words(text).includes(word));
  const about = (has(name.replaceAll("-", " ")) ? 400 : 0) + (has(title.split(" > ")[0]) ? 200 : 0);
  const looksUp =
    folder === "reference" ||
    ["glossary", "bibliography", "notation", "how-it-ran", "errata", "lecture", "index"].includes(name);
  const group = folder === "solutions" ? -3000 : looksUp ? -2000 : folder === "book" ? -1000 : 0;
  return score + about + group + (anchor ? 0 : 1);
};

// What is shown of a page is its text: no names of buttons, no folded code, no formulas as code.
{
  const NO_TEXT =
    ".bd-header-article, .bd-sidebar-secondary, .prev-next-area, .header-article, #jb-print-docs-body, #print-main-content," +
    " footer, button, nav, details.hide, .copybtn, .math";
  const { htmlToText } = Search;
  Search.htmlToText = (html, anchor) => {
    const page = new DOMParser().parseFromString(html, "text/html");
    for (const element of page.querySelectorAll(NO_TEXT)) element.remove();
    return htmlToText(page.documentElement.outerHTML, anchor);
  };
}

// A screen reader tells how many are found: the search has begun, and its index comes after this script.
Search.status?.setAttribute("role", "status");
