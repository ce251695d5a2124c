// A small menu at a place in the widget; it goes away with the choice, with Escape, or when the focus leaves it.

import { html } from "./dom";

export type Choice = [name: string, act: () => void];

export function openMenu(root: HTMLElement, label: string, choices: Choice[], x: number, y: number): void {
  const before = (root.getRootNode() as Document | ShadowRoot).activeElement;
  const items = choices.map(([name]) => html("button", { type: "button", role: "menuitem", class: "wfd-menu-item", tabindex: -1 }, name));
  const menu = html("div", { class: "wfd-menu", role: "menu", "aria-label": label }, ...items);
  let open = true;
  const remove = (): void => {
    if (!open) return; // to remove it takes the focus away, and that removes it
    open = false;
    menu.remove();
  };
  const close = (): void => {
    remove();
    if (before instanceof HTMLElement) before.focus();
  };
  items.forEach((item, index) =>
    item.addEventListener("click", () => {
      close();
      choices[index]?.[1]();
    }),
  );
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const now = items.indexOf(event.target as HTMLButtonElement);
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by) {
      event.preventDefault();
      items[(now + by + items.length) % items.length]?.focus();
    } else if (event.key === "Escape" || event.key === "Tab") {
      event.preventDefault();
      close();
    }
  });
  menu.addEventListener("focusout", (event) => {
    if (!menu.contains(event.relatedTarget as Node | null)) remove();
  });
  const box = root.getBoundingClientRect();
  root.append(menu);
  menu.style.left = `${Math.max(4, Math.min(x - box.left, box.width - menu.offsetWidth - 4))}px`;
  menu.style.top = `${Math.max(4, Math.min(y - box.top, box.height - menu.offsetHeight - 4))}px`;
  items[0]?.focus({ preventScroll: true });
}
