// @ts-check
// Brings the page's anywidgets to life with no kernel: it plays the part of Jupyter's widget manager.
// A classic script, not a module, so that a downloaded book also works from file://.
(() => {
  "use strict";
  const STATE = "application/vnd.jupyter.widget-state+json";
  const VIEW = "application/vnd.jupyter.widget-view+json";
  const MOVES = ["scroll", "pointerdown", "keydown", "beforeprint"]; // by which a reader shows that one goes on
  const QUIET = 6000; // milliseconds
  const SENTENCES = {
    en: {
      kernel: "This figure needs a live kernel. Open the page in Colab or JupyterLab to use it.",
      broken: "This figure could not start. The text around it does not depend on it.",
      share: "Copy a link to this state",
      copied: "The link is copied.",
      shown: "The link stands in the address bar.",
    },
    es: {
      kernel: "Esta figura necesita un kernel en marcha. Abra la página en Colab o JupyterLab para usarla.",
      broken: "Esta figura no pudo arrancar. El texto que la rodea no depende de ella.",
      share: "Copiar un enlace a este estado",
      copied: "El enlace está copiado.",
      shown: "El enlace está en la barra de direcciones.",
    },
  };

  // State is JSON, so this is the deep comparison that Jupyter's models make before they fire.
  const same = (a, b) => a === b || JSON.stringify(a) === JSON.stringify(b);

  // The state that all views of one widget share, and whoever listens to it.
  class Model {
    #state;
    #listeners = []; // {name, callback, owner}

    constructor(state) {
      this.#state = { ...state };
    }

    set(key, value) {
      const wanted = typeof key === "string" ? { [key]: value } : key;
      const changed = Object.entries(wanted).filter(([k, v]) => !same(this.#state[k], v));
      Object.assign(this.#state, Object.fromEntries(changed));
      for (const [k, v] of changed) this.#emit(`change:${k}`, v);
      if (changed.length) this.#emit("change");
    }

    // One listener that throws must not keep the news from the others; one that is added meanwhile waits for the next.
    #emit(name, ...values) {
      for (const listener of this.#listeners.slice()) {
        if (listener.name !== name) continue;
        try {
          listener.callback(listener.owner, ...values);
        } catch (error) {
          reportError(error);
        }
      }
    }

    // What a widget's code gets: the shared state, and `off` that reaches its own listeners only.
    handle() {
      const owner = {
        get: (key) => this.#state[key],
        set: (key, value) => this.set(key, value),
        save_changes: () => {}, // there is no kernel to tell
        send: () => {},
        on: (names, callback) => {
          for (const name of names.split(/\s+/)) this.#listeners.push({ name, callback, owner });
        },
        off: (names, callback) => {
          const gone = (l) =>
            l.owner === owner &&
            (!names || names.split(/\s+/).includes(l.name)) &&
            (!callback || l.callback === callback);
          this.#listeners = this.#listeners.filter((l) => !gone(l));
        },
      };
      return owner;
    }
  }

  // ---- a figure's state in the address: #figure=SizeCalculator.2&chosen=1, the second of its kind on the page ----

  // Whether a value keeps the limits that Python wrote down, and has the form of the one before.
  function fits({ words, low, high, whole, most }, value, before) {
    if (words) return words.includes(value);
    if (!Array.isArray(before)) {
      return typeof value === "number" && value >= low && value <= high && (!whole || Number.isInteger(value));
    }
    if (!Array.isArray(value) || !value.length || value.length > (most ?? before.length)) return false;
    if (value.some((part) => part?.length !== value[0]?.length)) return false;
    const inner = { low, high, whole, most };
    return (
      (most || value.length === before.length) && value.every((part, i) => fits(inner, part, before[most ? 0 : i]))
    );
  }

  // What the address says of this figure; what does not fit is left aside.
  function asked(name, state) {
    const address = new URLSearchParams(location.hash.slice(1));
    const found = {};
    if (address.get("figure") !== name) return found;
    for (const [key, limits] of Object.entries(state.shared ?? {})) {
      if (!address.has(key)) continue;
      try {
        const value = JSON.parse(address.get(key));
        if (fits(limits, value, state[key])) found[key] = value;
      } catch {
        // no JSON
      }
    }
    return found;
  }

  // A button that writes what the reader changed into the address, and copies it.
  function offerLink(el, name, model, own) {
    const names = Object.keys(own.shared ?? {});
    const figure = el.querySelector(".cnnlab");
    if (!names.length || !figure) return;
    const words = wordsOf(el);
    const button = document.createElement("button");
    Object.assign(button, { type: "button", className: "cl-button", textContent: words.share });
    const said = document.createElement("span");
    said.ariaLive = "polite"; // no role: a figure has one status, its own
    button.addEventListener("click", async () => {
      const changed = names.filter((key) => !same(model.get(key), own[key]));
      const pairs = changed.map((key) => [key, JSON.stringify(model.get(key))]);
      location.replace(`#${new URLSearchParams([["figure", name], ...pairs])}`);
      try {
        await navigator.clipboard.writeText(location.href);
        said.textContent = words.copied;
      } catch {
        said.textContent = words.shown; // no clipboard: an old browser, a folder, or a reader who refused
      }
    });
    const share = Object.assign(document.createElement("div"), { className: "cl-share" });
    share.append(button, " ", said);
    figure.append(share);
  }

  const context = {
    signal: new AbortController().signal, // views live as long as the page
    experimental: { invoke: () => Promise.reject(new Error("no kernel answers in this page")) },
  };

  // The value that `make` gave for this key the first time.
  const once = (map, key, make) => map.get(key) ?? map.set(key, make()).get(key);
  const modules = new Map(); // text of _esm → promise of {initialize, render}
  const live = new Map(); // model id → promise of {model, widget}
  const styled = new Set();
  const kinds = new Map(); // class of a figure → how many the page has so far

  async function load(source) {
    const address = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
    try {
      const { default: widget } = await import(address);
      return typeof widget === "function" ? await widget() : widget;
    } finally {
      URL.revokeObjectURL(address);
    }
  }

  function style(css) {
    if (!css || styled.has(css)) return;
    styled.add(css);
    document.head.append(Object.assign(document.createElement("style"), { textContent: css }));
  }

  async function start({ _esm, _css, ...state }) {
    style(_css);
    const widget = await once(modules, _esm, () => load(_esm));
    const model = new Model({ _esm, _css, ...state });
    await widget.initialize?.({ model: model.handle(), ...context });
    return { model, widget };
  }

  // The state of a model; a script that an earlier figure has too is written once, in that one.
  function whole(states, id) {
    const { state } = states[id];
    const text = (key) => (state[key]?.as ? states[state[key].as].state[key] : state[key]);
    return { ...state, _esm: text("_esm"), _css: text("_css") };
  }

  const wordsOf = (el) => SENTENCES[el.closest("[lang]")?.lang.slice(0, 2)] ?? SENTENCES.en;

  function say(el, what) {
    const p = document.createElement("p");
    p.textContent = wordsOf(el)[what];
    el.replaceChildren(p);
  }

  // The name of a figure in an address: its class, and from the second of its kind on, which one it is.
  function nameOf({ _anywidget_id: path = "" }) {
    const kind = path.split(".").at(-1);
    const number = (kinds.get(kind) ?? 0) + 1;
    kinds.set(kind, number);
    return number > 1 ? `${kind}.${number}` : kind;
  }

  // Where a figure will be: beside the place that the page keeps for it.
  function place(slot) {
    const el = Object.assign(document.createElement("div"), { className: "anywidget-lite" });
    slot.after(el);
    return el;
  }

  async function show({ el, id, name }, states) {
    try {
      if (states[id]?.model_module !== "anywidget") return say(el, "kernel");
      const own = states[id].state;
      const { model, widget } = await once(live, id, () => start(whole(states, id)));
      const render = () => widget.render({ model: model.handle(), el, ...context });
      const wanted = asked(name, own);
      try {
        model.set(wanted);
        await render();
      } catch (error) {
        if (!Object.keys(wanted).length) throw error;
        el.replaceChildren(); // each value may be, and not all together
        model.set(Object.fromEntries(Object.keys(wanted).map((key) => [key, own[key]])));
        await render();
      }
      offerLink(el, name, model.handle(), own);
      if (figureOfAddress() === name) el.scrollIntoView();
    } catch (error) {
      console.error(error);
      say(el, "broken");
    }
  }

  const figureOfAddress = () => new URLSearchParams(location.hash.slice(1)).get("figure");

  // The states of the page's figures: in the page, or in a script beside it.
  async function readStates() {
    const states = {};
    /** @type {NodeListOf<HTMLElement>} */
    const scripts = document.querySelectorAll(`script[type="${STATE}"]`);
    for (const { dataset, textContent } of scripts) {
      if (dataset.src) await fetchScript(dataset.src);
      Object.assign(states, (dataset.src ? window["figureStates"] : JSON.parse(textContent ?? "")).state);
    }
    return states;
  }

  const fetchScript = (src) =>
    new Promise((done, failed) => {
      const script = Object.assign(document.createElement("script"), { src });
      script.addEventListener("load", done);
      script.addEventListener("error", () => failed(new Error(`${src} did not come`)));
      document.head.append(script);
    });

  // Each starts when it is almost in view. The others wait for the reader's first move, or for a quiet while: so the
  // page answers soon, and yet a screen reader or a search meets all of them.
  function startInTurn(figures, states) {
    const waiting = new Map(figures.map((figure) => [figure.el, figure]));
    const begin = (el) => {
      const figure = waiting.get(el);
      waiting.delete(el);
      near.unobserve(el);
      if (figure) show(figure, states);
    };
    const near = new IntersectionObserver(
      (entries) => entries.filter((one) => one.isIntersecting).forEach((one) => begin(one.target)),
      { rootMargin: "50% 0px" },
    );
    for (const { el } of figures) near.observe(el);
    const free = window.requestIdleCallback ?? setTimeout;
    const others = async () => {
      for (const sign of MOVES) removeEventListener(sign, others);
      for (const el of waiting.keys()) {
        await new Promise((next) => free(next));
        begin(el);
      }
    };
    for (const sign of MOVES) addEventListener(sign, others, { passive: true });
    if (figureOfAddress()) others();
    else setTimeout(others, QUIET);
  }

  async function run() {
    const slots = [...document.querySelectorAll(`script[type="${VIEW}"]`)];
    if (!slots.length) return;
    const places = slots.map((slot) => ({ el: place(slot), id: JSON.parse(slot.textContent ?? "").model_id }));
    try {
      const states = await readStates();
      const named = places.map((one) => ({ ...one, name: nameOf(states[one.id]?.state ?? {}) }));
      startInTurn(named, states);
    } catch (error) {
      console.error(error);
      for (const { el } of places) say(el, "broken");
    }
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", run);
  else run();
})();
