// The only script a saved notebook carries. It shows the picture, asks the kernel for the front end, and starts it.
// The front end comes once per page, whatever the number of widgets; without a kernel the picture stays.

interface Model {
  get(name: string): unknown;
  on(event: "msg:custom", callback: (message: unknown) => void): void;
  off(event: "msg:custom", callback: (message: unknown) => void): void;
  send(content: unknown): void;
}
interface FrontEnd {
  render(context: { model: Model; el: HTMLElement; css: string }): () => void;
}
interface Loaded {
  module: FrontEnd;
  css: string;
}

const KEY = "__WFNB_KEY__";
const page = globalThis as unknown as { __wfnb?: Record<string, Promise<Loaded> | undefined> };
const assets = (page.__wfnb ??= {});
const PATIENCE = 1500;

function ask(model: Model): Promise<Loaded> {
  return new Promise((resolve, reject) => {
    const receive = (message: unknown): void => {
      const { type, key, js, css } = (message ?? {}) as Record<string, string>;
      if (type !== "asset" || key !== KEY) return;
      model.off("msg:custom", receive);
      const url = URL.createObjectURL(new Blob([js ?? ""], { type: "text/javascript" }));
      import(url).then((module) => resolve({ module: module.default, css: css ?? "" }), reject);
    };
    model.on("msg:custom", receive);
    model.send({ type: "asset", key: KEY });
  });
}

// The first widget asks for all; one whose kernel is gone must not keep the others waiting.
function load(model: Model): Promise<Loaded> {
  const shared = assets[KEY];
  if (!shared) return first(model);
  const late = new Promise<Loaded>((resolve, reject) => {
    const timer = setTimeout(() => ask(model).then(resolve, reject), PATIENCE);
    shared.finally(() => clearTimeout(timer)).catch(() => undefined);
  });
  return Promise.race([shared, late]);
}

// A first try that failed is forgotten: the next widget, of a kernel that works, tries again.
function first(model: Model): Promise<Loaded> {
  const asked = ask(model);
  asked.catch(() => {
    if (assets[KEY] === asked) delete assets[KEY];
  });
  return (assets[KEY] = asked);
}

function still(model: Model, el: HTMLElement): HTMLElement {
  const image = document.createElement("img");
  image.alt = String(model.get("_caption"));
  image.src = "data:image/svg+xml," + encodeURIComponent(String(model.get("_picture")));
  image.style.maxWidth = "100%";
  const note = document.createElement("p");
  note.textContent = "Waiting for the kernel. This is a picture; run the cell to step through it.";
  el.replaceChildren(image, note);
  return note;
}

export default {
  render({ model, el }: { model: Model; el: HTMLElement }): () => void {
    let stop: (() => void) | undefined;
    let gone = false;
    const note = still(model, el);
    load(model).then(
      ({ module, css }) => {
        if (gone) return;
        el.replaceChildren();
        stop = module.render({ model, el, css });
      },
      () => {
        note.textContent = "The debugger could not be started in this page. This is a picture of it.";
      },
    );
    return () => {
      gone = true;
      stop?.();
    };
  },
};
